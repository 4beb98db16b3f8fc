"""A job at RunPod as a flow: each step yields a request or a pause, and is sent what came of it."""
