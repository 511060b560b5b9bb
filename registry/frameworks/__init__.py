"""Frameworks that an operator adds: lists of terms read from SKOS or a table, examined, and kept as Turtle."""
