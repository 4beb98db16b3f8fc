"""Durable jobs: sent to a service, followed, shown, and recovered after a crash."""
