"""Step 8: what comes in is kept first, then read, then completed to a document that can be posted."""
