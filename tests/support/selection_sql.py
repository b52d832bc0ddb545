"""The one-statement SQL of "which invoice type does this code mean here": the reference of the in-memory index."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import date

from engine.parametrization.definitions import CompanyGroup, InvoiceType

SCHEMA = """
CREATE TABLE type (module TEXT, code TEXT, legislation TEXT, company_group TEXT, active INTEGER, valid_from TEXT,
                   valid_to TEXT, PRIMARY KEY (module, code, legislation)) WITHOUT ROWID;
CREATE TABLE member (company_group TEXT, company TEXT, PRIMARY KEY (company_group, company)) WITHOUT ROWID;
"""
ONE = """
SELECT legislation FROM type AS one
WHERE module = :module AND code = :code AND legislation IN ('', :legislation)
  AND (legislation = :legislation OR NOT EXISTS (
        SELECT 1 FROM type AS own
        WHERE own.module = one.module AND own.code = one.code AND own.legislation = :legislation))
  AND active AND (valid_from IS NULL OR valid_from <= :on) AND (valid_to IS NULL OR :on <= valid_to)
  AND (company_group = '' OR EXISTS (
        SELECT 1 FROM member WHERE member.company_group = one.company_group AND member.company = :company))
"""


def filled(types: Iterable[InvoiceType], groups: Iterable[CompanyGroup]) -> sqlite3.Connection:
    """A database of types and memberships, in memory."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(SCHEMA)
    connection.executemany(
        "INSERT INTO type VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (
                one.module,
                one.code,
                one.legislation,
                one.company_group,
                one.active,
                _day(one.valid_from),
                _day(one.valid_to),
            )
            for one in types
        ],
    )
    members = [(group.code, company) for group in groups for company in dict.fromkeys(group.companies)]
    connection.executemany("INSERT INTO member VALUES (?, ?)", members)
    return connection


def one(connection: sqlite3.Connection, module: str, code: str, company: str, legislation: str, on: date) -> str | None:
    """The legislation of the record meant ("" is all), or None."""
    asked = {"module": module, "code": code, "company": company, "legislation": legislation, "on": on.isoformat()}
    row = connection.execute(ONE, asked).fetchone()
    return None if row is None else str(row[0])


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
