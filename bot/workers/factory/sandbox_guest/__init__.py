"""Runs inside the sandbox, on a bare interpreter with the standard library alone.

`sandbox.py` mounts this folder in the sandbox and starts `examine.py`.
"""
