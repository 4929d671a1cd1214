"""Approvals as people use and misuse them: a house, what is done in it, and the promises that must hold whatever is done."""
