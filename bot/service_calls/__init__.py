"""Calls to the services: within budgets, behind a circuit breaker, observed and charged."""
