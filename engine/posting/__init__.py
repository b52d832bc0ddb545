"""Step 6: plan a posting (pure), then write it in one transaction. Afterwards nothing of it changes."""
