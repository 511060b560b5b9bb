"""How bytes are fetched: one file per protocol. A harvester may split a document, never map it."""
