"""Talking from one's own machine: a microphone and a loudspeaker instead of a voice channel."""
