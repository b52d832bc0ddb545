"""Factur-X and CII: a posted document as an invoice people read and machines take in (EN 16931)."""
