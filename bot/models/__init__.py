"""Fetches model files once, verifies them by hash, and keeps a folder per model."""
