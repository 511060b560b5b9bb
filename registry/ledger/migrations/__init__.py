"""The ledger's schema, one numbered SQL file per version."""
