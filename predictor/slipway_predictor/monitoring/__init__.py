"""What the predictor tells about itself: Prometheus metrics and log lines."""
