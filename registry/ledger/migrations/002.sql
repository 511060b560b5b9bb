-- What was told of a document, kept for the visits that find it unchanged.
ALTER TABLE document ADD COLUMN issues TEXT NOT NULL DEFAULT '[]';
