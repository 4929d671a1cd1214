"""Twelve months of believable work, told through the services and nothing but the services."""
