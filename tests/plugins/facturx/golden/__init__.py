"""Whole documents as they must read. `python -m tests.plugins.facturx.golden` writes them anew; read the diff."""
