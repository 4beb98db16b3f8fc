"""The embedded server: RunPod's HTTP API for services in this process, on the loopback alone.

routes       HTTP in and out              endpoint   jobs that callers can wait for
wire         request and response bodies  jobs       the states of jobs (pure)
worker_pool  workers around a handler     lifecycle  starts and stops it all
"""
