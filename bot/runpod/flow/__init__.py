"""A RunPod job as a flow: each step yields a request or a pause, and is sent the outcome."""
