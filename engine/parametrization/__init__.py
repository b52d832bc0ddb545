"""Step 1: what the company has described: packs are read, checked, kept as revisions; and which record is meant."""
