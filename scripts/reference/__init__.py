"""Writes the pages of docs/reference from the code that they describe.

    python -m scripts.reference      (make reference)

A test says when one of them is old.
"""
