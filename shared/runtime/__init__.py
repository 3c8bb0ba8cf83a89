"""What every function runs on: the boundary to HTTP and Pub/Sub, telemetry, metering and settings."""
