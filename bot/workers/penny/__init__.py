"""Penny: she listens, answers and speaks."""
