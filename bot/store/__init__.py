"""Memory that lasts: settings, conversations and the job journal, in SQLite or PostgreSQL.

Callers see frozen values and no session: each method is one transaction of its own.
"""
