"""Tables of the parametrization: records by content, revisions, a head. Apart, because every command reads them.

The others are in tables.py.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

from engine.storage.columns import Instant

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

Id = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite makes only an INTEGER primary key its row id."""

record = Table(
    "record",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("table_name", String(40), nullable=False),
    Column("key", String(200), nullable=False),
    Column("body", Text, nullable=False),
)
revision = Table(
    "revision",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("parent", Integer, ForeignKey("revision.id")),
    Column("content_hash", String(64), nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("message", Text, nullable=False),
)
revision_change = Table(
    "revision_change",
    metadata,
    Column("revision", Integer, ForeignKey("revision.id"), primary_key=True),
    Column("table_name", String(40), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("pack", String(20), nullable=False),
    Column("hash", String(64), ForeignKey("record.hash")),  # null: the record is gone from here on
)
head = Table(
    "parametrization_head",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1", name="single"), primary_key=True, autoincrement=False),
    Column("revision", Integer, ForeignKey("revision.id"), nullable=False),
)

period_change = Table(
    "period_change",
    metadata,
    Column("revision", Integer, ForeignKey("revision.id"), primary_key=True),
    Column("company", String(20), primary_key=True),
    Column("fiscal_year", String(20), primary_key=True),
    Column("period", String(20), primary_key=True),
    Column("journal", String(20), primary_key=True),  # "" for every journal without a state of its own
    Column("state", String(10), nullable=False),  # open | closed | locked
)
"""Periods opened, closed and locked. Each change is a revision, so that no posting under way misses it."""
seal_setting = Table(
    "seal_setting",
    metadata,
    Column("revision", Integer, ForeignKey("revision.id"), primary_key=True),
    Column("seal", String(40), primary_key=True),
    Column("company", String(20), primary_key=True),
    Column("settings", Text, nullable=False),  # canonical JSON, secrets by reference; "" switches the seal off
)
"""Which company seals its documents with what. Each change is a revision, so that no posting under way misses it."""
journal_proof = Table(
    "journal_proof",
    metadata,
    Column("hash", String(64), primary_key=True),  # of all that the proof rests on
    Column("journal", String(60), nullable=False),
    Column("legislation", String(3), nullable=False),
    Column("verdict", String(10), nullable=False),
    Column("samples", Integer, nullable=False),
    Column("detail", Text, nullable=False),  # canonical JSON
    Column("revision", Integer, ForeignKey("revision.id"), nullable=False),  # the first that needed it
)
"""That automatic journals balance: proved, or tried on so many documents."""
