"""Formats `csv` and `json`: a posted document for spreadsheets, and for programs.

plugin.py             registers
table.py              document -> rows; CSV that no spreadsheet runs
tree.py               document -> JSON, everything in it
document.schema.json  what tree.py writes, as JSON Schema 2020-12
"""
