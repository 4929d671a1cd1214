"""Independent models of what the product promises, in plain Python: no tables, no counters, no stored sums."""
