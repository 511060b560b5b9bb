"""What a resource is about, inferred from its texts: labels of the topics (``ontology/topics.ttl``) found in them."""
