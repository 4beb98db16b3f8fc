"""Metrics for Prometheus, traces for OpenTelemetry, logs as JSON, and health.

metrics   every metric, in a registry of its own    calls     calls as metrics and spans
turns     spoken turns as metrics and spans         web       /metrics, /healthz, /readyz, /status
reception voice packets by what became of them      heartbeat the state of each process
logs      redacted log lines                        bot       assembles these for the bot
"""
