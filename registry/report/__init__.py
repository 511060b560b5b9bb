"""The report that an academy can act on: what was found, how it will look, what to mend and why."""
