"""Figures, measured by `make bench`: limit and engine in one run, in turns; no part of the tests."""
