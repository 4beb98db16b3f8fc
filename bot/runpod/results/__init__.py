"""Turns what RunPod answers into responses: decompresses, parses and assembles it."""
