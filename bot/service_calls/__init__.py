"""Calls of the services: within budgets, past a circuit breaker, observed and charged."""
