"""A pack of its own: the first table of the seed."""
