"""A folder that files are dragged into: what is in it is taken in, and moved to `taken` or `refused`."""
