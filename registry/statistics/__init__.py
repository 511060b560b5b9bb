"""The figures of a release: a projection for overlap, coverage and quality."""
