"""Penny, the voice assistant."""
