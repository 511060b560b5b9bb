"""Queries that the web process hands to the query workers."""
