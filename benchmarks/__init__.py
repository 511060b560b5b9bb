"""Benchmarks and evaluations that anyone can rerun: `make bench`, `make evaluate`."""
