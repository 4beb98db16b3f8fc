"""Audio as a library: codecs, containers and timing; imports nothing of ours."""
