"""The gold set: pairs of real records with the relation between them, read and labelled by hand (see README.md)."""
