"""The embedded server: RunPod's HTTP API in front of services in this process, loopback only.

routes       HTTP in and out            endpoint   jobs that can be waited on
wire         bodies as bytes            jobs       the states themselves (pure)
worker_pool  workers around a handler   lifecycle  starting and stopping it all
"""
