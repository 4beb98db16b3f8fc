"""Several processes that are one bot: which shards each serves, and how shards change hands."""
