"""The local Discord's client: a page in a browser, served on loopback. `server.py` begins it."""
