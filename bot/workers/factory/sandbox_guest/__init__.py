"""What runs inside the sandbox, on a bare interpreter: the standard library alone, nothing of ours.

`sandbox.py` shows this folder to the sandbox and starts `examine.py` in it.
"""
