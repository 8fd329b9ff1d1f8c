"""The database: incidents and all that belongs to them, users, and the audit log.

:func:`core.store.database.open_store` opens (and migrates) SQLite in WAL mode or PostgreSQL.
``with store.begin() as unit`` gives one transaction over typed collections; what changes an
incident also writes the audit log in that same transaction.
"""
