"""The terminal app of `skydeck talk`."""
