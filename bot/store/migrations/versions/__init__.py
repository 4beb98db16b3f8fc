"""One file for each revision, oldest first, written by hand after the one before it.

A revision that was released is never changed. A test holds the last one and `tables.py` together.
"""
