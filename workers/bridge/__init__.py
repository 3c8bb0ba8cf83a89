"""The bridge between Kafka and the platform."""
