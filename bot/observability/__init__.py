"""Measurements: figures for Prometheus, traces for OpenTelemetry, logs as JSON, and health.

metrics   every figure, in a registry of its own    calls   calls as figures and as spans
turns     spoken turns as figures and as spans      lag     how late the event loop is
reception how people in voice channels are heard    web     /metrics, /healthz, /readyz
logs      lines, redacted                           bot     the bot's, put together
"""
