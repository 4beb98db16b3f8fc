"""Audio as a library: codecs, containers and timing; imports nothing from `bot` or `cogs`."""
