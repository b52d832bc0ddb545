"""Every table, those of revision_tables.py included. The migrations create the same ones; a test compares them.

Posted tables are insert-only, without exception: triggers refuse UPDATE, DELETE and TRUNCATE (migrations). What
changes after posting lives in other tables. Every posted row carries its company.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from engine.storage.columns import Amount, Flag, Instant, Quantity
from engine.storage.revision_tables import (
    Id,
    head,
    journal_proof,
    metadata,
    period_change,
    record,
    revision,
    revision_change,
    seal_setting,
)

__all__ = [
    "Id",
    "head",
    "journal_proof",
    "metadata",
    "period_change",
    "record",
    "revision",
    "revision_change",
    "seal_setting",
]  # what stands elsewhere, and belongs to the whole

# --- numbers --------------------------------------------------------------------------------------------------------

id_block = Table(
    "id_block",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("next_id", Id, nullable=False),
)
series = Table(
    "counter_series",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("company", String(20), nullable=False),
    Column("counter", String(60), nullable=False),
    Column("period", String(20), nullable=False),
    Column("value", BigInteger, nullable=False),  # the last one given; start - 1 when none was
    Column("last_date", Date),
    Column("closed", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("head_hash", String(64), nullable=False),
    Column("fast", Boolean, nullable=False, server_default=false()),  # values are taken ahead; not chained
    UniqueConstraint("company", "counter", "period"),
)
number_taken = Table(
    "number_taken",
    metadata,
    Column("series", Id, ForeignKey("counter_series.id"), primary_key=True, autoincrement=False),
    Column("value", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("key", String(200), nullable=False),
    Column("cause", Text, nullable=False),  # why no document has it; "" when that is not known
)
"""Values of fast series, each taken before its document is written."""

seal_chain = Table(
    "seal_chain",
    metadata,
    Column("seal", String(40), primary_key=True),
    Column("chain", String(200), primary_key=True),
    Column("head", Text, nullable=False),  # the last link; "" before the first
    Column("position", BigInteger, nullable=False),
)

# --- posted: insert-only --------------------------------------------------------------------------------------------

SECOND = "creation_number IS NOT NULL"
document = Table(
    "document",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("company", String(20), nullable=False),
    Column("module", String(10), nullable=False),
    Column("category", String(20), nullable=False),
    Column("invoice_type", String(5), nullable=False),
    Column("type_legislation", String(3), nullable=False),
    Column("series", Id, ForeignKey("counter_series.id"), nullable=False),
    Column("value", BigInteger, nullable=False),
    Column("number", String(60), nullable=False),
    Column("date", Date, nullable=False),
    Column("accounting_date", Date, nullable=False),
    Column("partner_code", String(60), nullable=False),
    Column("partner_name", Text, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("exchange_rate", Quantity, nullable=False),
    Column("lines", Amount, nullable=False),
    Column("charges", Amount, nullable=False),
    Column("allowances", Amount, nullable=False),
    Column("net", Amount, nullable=False),
    Column("tax", Amount, nullable=False),
    Column("gross", Amount, nullable=False),
    Column("withholding", Amount, nullable=False),
    Column("prepaid", Amount, nullable=False),
    Column("rounding", Amount, nullable=False),
    Column("payable", Amount, nullable=False),
    Column("content", Text, nullable=False),  # canonical JSON: parties, references, due dates, notes, as frozen
    Column("request", Text, nullable=False),  # canonical JSON: what was asked, before defaults
    Column("content_hash", String(64), nullable=False),
    Column("key", String(200), nullable=False),
    Column("revision", Integer, ForeignKey("revision.id"), nullable=False),
    Column("posted_at", Instant, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("canon", Integer, nullable=False),
    Column("body_hash", String(64), nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("creation_series", Id),  # of a second number, where the type has one
    Column("creation_value", BigInteger),
    Column("creation_number", String(60)),
    UniqueConstraint("series", "value"),
    UniqueConstraint("company", "key"),
    UniqueConstraint("company", "module", "number"),
    Index(None, "company", "date"),
    Index(None, "number"),
    *(
        Index(name, *columns, unique=True, sqlite_where=text(SECOND), postgresql_where=text(SECOND))
        for name, columns in (
            ("uq_document_creation_value", ("creation_series", "creation_value")),
            ("uq_document_creation_number", ("creation_number", "company", "module")),
        )
    ),
)


def _of_document() -> Column[int]:
    """Children are written before the document row: the reference is checked at commit."""
    return Column(
        "document", Id, ForeignKey("document.id", deferrable=True, initially="DEFERRED"), primary_key=True
    )  # fmt: skip


def _position(name: str = "position") -> Column[int]:
    return Column(name, Integer, primary_key=True, autoincrement=False)


document_line = Table(
    "document_line",
    metadata,
    _of_document(),
    _position(),
    Column("company", String(20), nullable=False),
    Column("kind", String(10), nullable=False),  # line | charge | allowance
    Column("description", Text, nullable=False),
    Column("quantity", Quantity, nullable=False),
    Column("unit", String(10), nullable=False),
    Column("unit_price", Quantity, nullable=False),
    Column("gross", Amount, nullable=False),
    Column("net", Amount, nullable=False),  # signed: an allowance is negative
    Column("nature", String(10), nullable=False),
    Column("tax_code", String(20), nullable=False),
    Column("tax_category", String(2), nullable=False),
    Column("tax_rate", Quantity, nullable=False),
    Column("tax_due", String(10), nullable=False),
    Column("detail", Text, nullable=False),  # canonical JSON: discounts, product, references …
)
document_tax = Table(
    "document_tax",
    metadata,
    _of_document(),
    _position(),
    Column("company", String(20), nullable=False),
    Column("tax_code", String(20), nullable=False),
    Column("category", String(2), nullable=False),
    Column("rate", Quantity, nullable=False),
    Column("due", String(10), nullable=False),
    Column("base", Amount, nullable=False),
    Column("amount", Amount, nullable=False),
    Column("exemption_code", String(40), nullable=False),
    Column("reason", Text, nullable=False),
    Column("national_code", String(20), nullable=False),
    Column("self_assessed", Amount, nullable=False, server_default="0"),  # by the buyer, on a purchase
)
entry = Table(
    "entry",
    metadata,
    _of_document(),
    _position(),
    Column("company", String(20), nullable=False),
    Column("ledger", String(20), nullable=False),
    Column("journal", String(20), nullable=False),
    Column("entry_type", String(20), nullable=False),
    Column("automatic_journal", String(60), nullable=False),
    Column("date", Date, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("description", Text, nullable=False),
    Column("category", String(20), nullable=False, server_default="actual"),
    Column("status", String(10), nullable=False, server_default="final"),
)
entry_line = Table(
    "entry_line",
    metadata,
    _of_document(),
    _position("entry"),
    _position(),
    Column("company", String(20), nullable=False),
    Column("account", String(20), nullable=False),
    Column("debit", Amount, nullable=False),
    Column("credit", Amount, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("amount_currency", Amount, nullable=False),  # signed: debit positive, in the document's currency
    Column("description", Text, nullable=False),
    Column("partner", Text, nullable=False),
    Column("tax_code", String(20), nullable=False),
    Column("due_date", Date),
    Column("quantity", Quantity),
    Column("reference", Text, nullable=False, server_default=text("''")),
    Column("analytic", Text, nullable=False, server_default=text("''")),  # canonical JSON: amounts by dimensions
    Column("open_item", Flag, nullable=False, server_default=false()),
    Column("matching", String(10), nullable=False, server_default=text("''")),  # of one letter: they settle each other
    Index(None, "company", "account"),
)
audit = Table(
    "audit",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("action", String(40), nullable=False),
    Column("company", String(20), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("document", Id),  # the one it is about, whose hash holds this row too
    Column("detail", Text, nullable=False),
    Index(None, "document"),
)
document_seal = Table(
    "document_seal",
    metadata,
    Column("document", Id, ForeignKey("document.id", deferrable=True, initially="DEFERRED"), primary_key=True),
    Column("seal", String(40), primary_key=True),
    Column("kind", String(20), primary_key=True),  # issue | cancellation
    Column("company", String(20), nullable=False),
    Column("chain", String(200), nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("series", String(120), nullable=False),
    Column("value", BigInteger, nullable=False),
    Column("at", Instant, nullable=False),
    Column("previous", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("link", Text, nullable=False),
    Column("printed", Text, nullable=False),  # canonical JSON
    Column("facts", Text, nullable=False),  # canonical JSON
    UniqueConstraint("seal", "chain", "position"),
)
POSTED = (document, document_line, document_tax, entry, entry_line, audit, document_seal)
"""Insert-only; guarded by triggers."""
GUARDED = (*POSTED, record, revision, revision_change, period_change, seal_setting)
"""These, and the parametrization's past: nobody but who owns the database can change what stands in them."""

# --- what happens to a document afterwards --------------------------------------------------------------------------

connection = Table(
    "connection",
    metadata,
    Column("code", String(20), primary_key=True),
    Column("channel", String(40), nullable=False),  # or a provider, a source, an archive
    Column("settings", Text, nullable=False),  # JSON, without secrets
    Column("changed_at", Instant, nullable=False),
    Column("actor", String(200), nullable=False),
    # configured | active | paused | needs_reauth
    Column("state", String(20), nullable=False, server_default="configured"),
    Column("detail", Text, nullable=False, server_default=text("''")),  # in words: why it is in this state
    Column("settings_hash", String(64), nullable=False, server_default=text("''")),  # of settings and secrets
    Column("tested_hash", String(64), nullable=False, server_default=text("''")),  # of those that passed the test
    Column("tested_at", Instant),
    Column("report", Text, nullable=False, server_default=text("''")),  # JSON: the last test
    Column("kept", Text, nullable=False, server_default=text("'{}'")),  # JSON a plugin keeps: ConnectionState
)
secret = Table(
    "secret",
    metadata,
    Column("connection", String(20), ForeignKey("connection.code"), primary_key=True),
    Column("field", String(100), primary_key=True),
    Column("key_id", String(16), nullable=False),  # which key it is encrypted with
    Column("sealed", Text, nullable=False),  # AES-256-GCM, base64: nonce, ciphertext, tag
    Column("changed_at", Instant, nullable=False),
)
activation = Table(
    "activation",
    metadata,
    Column("connection", String(20), ForeignKey("connection.code"), primary_key=True),
    Column("company", String(20), primary_key=True),  # "" for all
    Column("at", Instant, nullable=False),
    Column("actor", String(200), nullable=False),
)
file = Table(
    "file",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("media_type", String(100), nullable=False),
    Column("content", LargeBinary, nullable=False),  # empty once the archive has it
    Column("stored_at", Instant, nullable=False),
    Column("archived_at", Instant),  # none: it lies here only
    Column("archive", String(20), nullable=False, server_default=text("''")),  # a connection; "" is our own folder
    Column("place", Text, nullable=False, server_default=text("''")),  # where in the archive
    Column("keep_until", Date),  # by law
    Index(None, "archived_at"),
)
WAITING = "state IN ('pending', 'retry') AND NOT held AND waits_for = ''"
UNDER_WAY = "state = 'sending'"
STOPPED = "state IN ('rejected', 'failed', 'uncertain')"
HANDED_OVER = "reference <> ''"
KEYED = "key <> '' AND state <> 'pending'"
"""Which deliveries are in an index each; who asks for them writes the very same words."""
delivery = Table(
    "delivery",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("document", Id, ForeignKey("document.id", deferrable=True, initially="DEFERRED"), nullable=False),
    Column("company", String(20), nullable=False),
    Column("rule", String(60), nullable=False),
    Column("channel", String(40), nullable=False),
    Column("format", String(40), nullable=False),  # "" when only a message is sent
    Column("connection", String(20), nullable=False),
    Column("recipients", Text, nullable=False),  # canonical JSON list
    Column("state", String(10), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("lease_until", Instant),
    Column("lease_token", String(32)),
    Column("reference", Text, nullable=False),
    Column("detail", Text, nullable=False),  # in words: what came of the last try
    Column("file", String(64), ForeignKey("file.hash")),
    Column("changed_at", Instant, nullable=False),
    Column("formats", Text, nullable=False, server_default=text("'[]'")),  # JSON list: further files, beside `format`
    Column("copies", Text, nullable=False, server_default=text("'[]'")),  # JSON list: cc
    Column("hidden_copies", Text, nullable=False, server_default=text("'[]'")),  # JSON list: bcc
    Column("template", String(40), nullable=False, server_default=text("''")),  # which words go with it
    Column("message", Text, nullable=False, server_default=text("''")),  # JSON: words edited for this one
    Column("held", Flag, nullable=False, server_default=false()),  # until a person lets it go
    Column("waits_for", String(20), nullable=False, server_default=text("''")),  # payment: until that has come
    Column("resent_of", Id),  # the delivery it repeats, knowingly
    Column("sent_at", Instant),
    Column("key", String(36), nullable=False, server_default=text("''")),  # what the other side calls it; unguessable
    CheckConstraint(
        "state IN ('pending', 'sending', 'retry', 'sent', 'rejected', 'failed', 'uncertain', 'cancelled')", name="state"
    ),
    Index(None, "document"),
    *(
        Index(f"ix_delivery_{name}", *columns, postgresql_where=text(where), sqlite_where=text(where))
        for name, where, columns in (
            ("waiting", WAITING, ("channel", "connection", "due_at", "id")),
            ("under_way", UNDER_WAY, ("lease_token",)),
            ("stopped", STOPPED, ("state", "id")),
            ("reference", HANDED_OVER, ("reference",)),
            ("key", KEYED, ("connection", "key")),
        )
    ),
)
delivery_file = Table(
    "delivery_file",
    metadata,
    Column("delivery", Id, ForeignKey("delivery.id"), primary_key=True),
    Column("format", String(40), primary_key=True),
    Column("file", String(64), ForeignKey("file.hash"), nullable=False, index=True),
)
"""What goes along with a delivery's own file."""
delivery_attempt = Table(
    "delivery_attempt",
    metadata,
    Column("delivery", Id, ForeignKey("delivery.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("worker", String(100), nullable=False),  # host and process
    Column("began_at", Instant, nullable=False),
    Column("ended_at", Instant),  # none: under way, or its worker died
    Column("state", String(10), nullable=False),  # what it came to
    Column("reference", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("notes", Text, nullable=False),  # what the plugin noted, masked
)
delivery_event = Table(
    "delivery_event",
    metadata,
    Column("connection", String(20), primary_key=True),
    Column("id", String(200), primary_key=True),  # the plugin's own, so that it is taken in once
    Column("delivery", Id, ForeignKey("delivery.id"), nullable=False),
    Column("recipient", Text, nullable=False),
    Column("kind", String(20), nullable=False),  # as EventKind of the SPI
    Column("code", String(40), nullable=False),
    Column("detail", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("taken_at", Instant, nullable=False),
    Index(None, "delivery"),
)
undelivered = Table(
    "undelivered",
    metadata,
    Column("delivery", Id, ForeignKey("delivery.id"), primary_key=True),
    Column("recipient", String(254), primary_key=True),
    Column("company", String(20), nullable=False),
    Column("state", String(10), nullable=False),  # see outbox.bounces
    Column("code", String(40), nullable=False),  # such as 5.1.1
    Column("detail", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("deadline", Instant, nullable=False),  # until then a better address is waited for
    Column("next", Id),  # the delivery that took its place
    Column("changed_at", Instant, nullable=False),
    CheckConstraint("state IN ('open', 'corrected', 'posted', 'delivered', 'left')", name="state"),
    Index(None, "state", "deadline"),
)
received = Table(
    "received",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("source", String(20), nullable=False),  # a connection, `import` or `upload`
    Column("source_id", String(400), nullable=False),  # the source's own, so that it is taken in once
    Column("part", Integer, nullable=False),  # of one mail, from 0
    Column("file", String(64), ForeignKey("file.hash"), nullable=False),
    Column("name", Text, nullable=False),
    Column("media_type", String(100), nullable=False),
    Column("sender", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("state", String(10), nullable=False),
    Column("company", String(20), nullable=False),  # "" while nobody knows whose it is
    Column("document", Id, ForeignKey("document.id")),  # what it was posted as
    Column("supplier", Text, nullable=False),  # what tells suppliers apart: a VAT number, a registration, a name
    Column("supplier_number", Text, nullable=False),
    Column("supplier_date", Date),
    Column("found", Text, nullable=False),  # JSON: what the importer read; "" when it could not
    Column("faults", Text, nullable=False),  # JSON list: what keeps it from being posted
    Column("words", Text, nullable=False),  # what became of it
    Column("changed_at", Instant, nullable=False),
    UniqueConstraint("source", "source_id", "part"),
    CheckConstraint("state IN ('new', 'imported', 'duplicate', 'refused', 'dismissed')", name="state"),
    Index(None, "state", "id"),
    Index(None, "file"),
    Index(None, "supplier", "supplier_number"),
)
"""Every file that came in, whatever became of it."""
