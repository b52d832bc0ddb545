"""Documents made to try a journal: wishes → a request → really drafted → tried → made as small as it can be."""
