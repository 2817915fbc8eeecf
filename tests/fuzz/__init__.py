"""Fuzzing the predictor's borders: see README.md."""
