"""The shipped packs, and what the demo posts with them."""
