"""Measures: whether the product keeps its promises under faults (`make trust`), and how fast it is (`make bench`)."""
