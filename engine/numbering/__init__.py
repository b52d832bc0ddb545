"""Step 4: which series a number comes from, and how it reads. Its value is taken inside the posting transaction."""
