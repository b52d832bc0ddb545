"""Step 5: automatic journals turn a draft into entries that balance. Pure."""
