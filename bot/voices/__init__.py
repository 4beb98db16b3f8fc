"""Voices by name: which there are, which one speaks a language, and what settings call them."""
