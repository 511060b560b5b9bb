"""The search index: a projection of the change log for lists, filters and text (tantivy)."""
