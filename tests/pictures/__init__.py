"""The pictures of the README, made from the real app and the local Discord: `make pictures`."""
