"""Review: which pairs people look at next, in which batches, and how their answers come back.

Pure where possible: it takes matches, decisions and the cards of records, and gives items, files and decisions.
"""
