"""What every room may use. No I/O, nothing of ours imported."""
