"""Calls to the three services over RunPod's serverless API; start at `client.RunPodClient`."""
