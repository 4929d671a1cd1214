"""What S6 plants, where, and how it sees that something of it came alive."""
