"""The services: the same handlers run on RunPod and on a laptop."""
