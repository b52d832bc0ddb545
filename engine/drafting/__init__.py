"""Step 3: a request becomes a draft: parties, lines, charges, taxes, totals. Pure; a draft is recalculated freely."""
