"""Figures, measured by `make bench`: limit and engine in one run, CPU time, best of several; no part of the tests."""
