"""Calls to the three services over RunPod's serverless API; `client.RunPodClient` is the way in."""
