"""A scenario for each service that writes: the world that it is called in, and its arguments."""
