"""What RunPod answers, made into ours: unpacked, read, and put together."""
