"""How a database comes to the tables of engine.storage.tables, one numbered step after the other.

Run by engine.storage.database, in one transaction; a step imports nothing of ours, so that it stays as it was.
"""
