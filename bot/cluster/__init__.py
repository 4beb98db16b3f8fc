"""Several processes that are one bot: who serves which shards, and how they change hands."""
