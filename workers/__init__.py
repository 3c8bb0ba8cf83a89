"""What is deployed and waits for no request: one folder, one Cloud Run worker pool."""
