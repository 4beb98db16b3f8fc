"""Metrics for Prometheus, traces for OpenTelemetry, logs as JSON, and health.

metrics   every metric, in a registry of its own    calls     calls as metrics and spans
turns     spoken turns as metrics and spans         lag       the event loop's lag
reception voice packets by what became of them      web       /metrics, /healthz, /readyz
logs      redacted log lines                        heartbeat the state of each process
bot       assembles these for the bot
"""
