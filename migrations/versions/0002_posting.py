"""What posting writes: numbers taken, documents with their lines and taxes, journal entries, the audit.

A posted document never changes (DESIGN 2.8): triggers refuse UPDATE, DELETE and TRUNCATE. Children are written
before the document row, which takes its number last, so their references are checked at commit (DESIGN 2.9).
SQLite keeps decimals as scaled integers; the views report_* show them as decimals, digit for digit.
"""

from typing import TypedDict

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

revision = "0002"
down_revision = "0001"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AMOUNT = sa.Numeric(18, 4).with_variant(sa.BigInteger(), "sqlite")
QUANTITY = sa.Numeric(18, 8).with_variant(sa.BigInteger(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
MESSAGE = "posted rows never change"


class _When(TypedDict):
    deferrable: bool
    initially: str


AT_COMMIT: _When = {"deferrable": True, "initially": "DEFERRED"}


def upgrade() -> None:
    op.create_table(
        "id_block",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("next_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_id_block")),
    )
    op.create_table(
        "counter_series",
        sa.Column("id", ID, nullable=False, autoincrement=False),
        sa.Column("company", sa.String(20), nullable=False),
        sa.Column("counter", sa.String(60), nullable=False),
        sa.Column("period", sa.String(20), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("last_date", sa.Date(), nullable=True),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("head_hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_counter_series")),
        sa.UniqueConstraint("company", "counter", "period", name=op.f("uq_counter_series_company_counter_period")),
    )
    op.create_table(
        "document",
        sa.Column("id", ID, nullable=False, autoincrement=False),
        sa.Column("company", sa.String(20), nullable=False),
        sa.Column("module", sa.String(10), nullable=False),
        sa.Column("category", sa.String(20), nullable=False),
        sa.Column("invoice_type", sa.String(5), nullable=False),
        sa.Column("type_legislation", sa.String(3), nullable=False),
        sa.Column("series", ID, nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.String(60), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("accounting_date", sa.Date(), nullable=False),
        sa.Column("partner_code", sa.String(60), nullable=False),
        sa.Column("partner_name", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("exchange_rate", QUANTITY, nullable=False),
        sa.Column("lines", AMOUNT, nullable=False),
        sa.Column("charges", AMOUNT, nullable=False),
        sa.Column("allowances", AMOUNT, nullable=False),
        sa.Column("net", AMOUNT, nullable=False),
        sa.Column("tax", AMOUNT, nullable=False),
        sa.Column("gross", AMOUNT, nullable=False),
        sa.Column("withholding", AMOUNT, nullable=False),
        sa.Column("prepaid", AMOUNT, nullable=False),
        sa.Column("rounding", AMOUNT, nullable=False),
        sa.Column("payable", AMOUNT, nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("posted_at", INSTANT, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("canon", sa.Integer(), nullable=False),
        sa.Column("body_hash", sa.String(64), nullable=False),
        sa.Column("previous_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.UniqueConstraint("series", "value", name=op.f("uq_document_series_value")),
        sa.UniqueConstraint("company", "key", name=op.f("uq_document_company_key")),
        sa.UniqueConstraint("company", "module", "number", name=op.f("uq_document_company_module_number")),
        sa.ForeignKeyConstraint(["revision"], ["revision.id"], name=op.f("fk_document_revision")),
        sa.ForeignKeyConstraint(["series"], ["counter_series.id"], name=op.f("fk_document_series")),
    )
    op.create_index(op.f("ix_document_company_date"), "document", ["company", "date"])
    op.create_index(op.f("ix_document_number"), "document", ["number"])
    op.create_table(
        "document_line",
        sa.Column("document", ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("company", sa.String(20), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("quantity", QUANTITY, nullable=False),
        sa.Column("unit", sa.String(10), nullable=False),
        sa.Column("unit_price", QUANTITY, nullable=False),
        sa.Column("gross", AMOUNT, nullable=False),
        sa.Column("net", AMOUNT, nullable=False),
        sa.Column("nature", sa.String(10), nullable=False),
        sa.Column("tax_code", sa.String(20), nullable=False),
        sa.Column("tax_category", sa.String(2), nullable=False),
        sa.Column("tax_rate", QUANTITY, nullable=False),
        sa.Column("tax_due", sa.String(10), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("document", "position", name=op.f("pk_document_line")),
        sa.ForeignKeyConstraint(["document"], ["document.id"], name=op.f("fk_document_line_document"), **AT_COMMIT),
    )
    op.create_table(
        "document_tax",
        sa.Column("document", ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("company", sa.String(20), nullable=False),
        sa.Column("tax_code", sa.String(20), nullable=False),
        sa.Column("category", sa.String(2), nullable=False),
        sa.Column("rate", QUANTITY, nullable=False),
        sa.Column("due", sa.String(10), nullable=False),
        sa.Column("base", AMOUNT, nullable=False),
        sa.Column("amount", AMOUNT, nullable=False),
        sa.Column("exemption_code", sa.String(40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("national_code", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("document", "position", name=op.f("pk_document_tax")),
        sa.ForeignKeyConstraint(["document"], ["document.id"], name=op.f("fk_document_tax_document"), **AT_COMMIT),
    )
    op.create_table(
        "entry",
        sa.Column("document", ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("company", sa.String(20), nullable=False),
        sa.Column("ledger", sa.String(20), nullable=False),
        sa.Column("journal", sa.String(20), nullable=False),
        sa.Column("entry_type", sa.String(20), nullable=False),
        sa.Column("automatic_journal", sa.String(60), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("document", "position", name=op.f("pk_entry")),
        sa.ForeignKeyConstraint(["document"], ["document.id"], name=op.f("fk_entry_document"), **AT_COMMIT),
    )
    op.create_table(
        "entry_line",
        sa.Column("document", ID, nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("position", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("company", sa.String(20), nullable=False),
        sa.Column("account", sa.String(20), nullable=False),
        sa.Column("debit", AMOUNT, nullable=False),
        sa.Column("credit", AMOUNT, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("amount_currency", AMOUNT, nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("tax_code", sa.String(20), nullable=False),
        sa.Column("due_date", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("document", "entry", "position", name=op.f("pk_entry_line")),
        sa.ForeignKeyConstraint(["document"], ["document.id"], name=op.f("fk_entry_line_document"), **AT_COMMIT),
    )
    op.create_index(op.f("ix_entry_line_company_account"), "entry_line", ["company", "account"])
    op.create_table(
        "audit",
        sa.Column("id", ID, nullable=False, autoincrement=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("company", sa.String(20), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("document", ID),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_document"), "audit", ["document"])
    for table in ("document", "document_line", "document_tax", "entry", "entry_line", "audit"):
        _insert_only(table)
    op.execute(_report_document())
    op.execute(_report_entry_line())


def downgrade() -> None:
    if op.get_bind().scalar(sa.text("SELECT 1 FROM document LIMIT 1")):
        raise CommandError("it holds posted documents, which are never dropped")
    op.execute("DROP VIEW report_entry_line")
    op.execute("DROP VIEW report_document")
    for table in ("audit", "entry_line", "entry", "document_tax", "document_line", "document"):
        op.drop_table(table)
    op.drop_table("counter_series")
    op.drop_table("id_block")


def _insert_only(table: str) -> None:
    if op.get_context().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            refuse = f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
            op.execute(f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} {refuse}")
        return
    call = f"EXECUTE FUNCTION refuse_change('{MESSAGE}')"
    op.execute(f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW {call}")
    op.execute(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {call}")
    for trigger in ("no_change", "no_truncate"):  # always: also when a session says it only replicates
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{trigger}")


def _decimal(column: str, scale: int) -> str:
    """A column as a decimal: on SQLite text made of integers, since its only other number is a float."""
    name = column.rpartition(".")[2]
    if op.get_context().dialect.name != "sqlite":
        return f"{column} AS {name}"
    unit = 10**scale
    sign = f"CASE WHEN {column} < 0 THEN '-' ELSE '' END"
    return f"printf('%s%d.%0{scale}d', {sign}, abs({column}) / {unit}, abs({column}) % {unit}) AS {name}"


def _report_document() -> str:
    columns = (
        "id, company, module, category, invoice_type, type_legislation, number, date, accounting_date, partner_code, "
        "partner_name, currency"
    )
    amounts = (
        "lines", "charges", "allowances", "net", "tax", "gross", "withholding", "prepaid", "rounding", "payable"
    )  # fmt: skip
    shown = ", ".join([_decimal("exchange_rate", 8), *(_decimal(amount, 4) for amount in amounts)])
    return f"CREATE VIEW report_document AS SELECT {columns}, {shown}, revision, posted_at, actor FROM document"  # noqa: S608


def _report_entry_line() -> str:
    heads = (
        "entry_line.document, document.number, entry_line.company, entry.ledger, entry.journal, entry.entry_type, "
        "entry.automatic_journal, entry.date, entry_line.entry, entry_line.position, entry_line.account"
    )
    amounts = ", ".join(_decimal(f"entry_line.{amount}", 4) for amount in ("debit", "credit", "amount_currency"))
    tails = (
        "entry_line.currency, document.currency AS document_currency, entry_line.description, entry_line.partner, "
        "entry_line.tax_code, entry_line.due_date"
    )
    joined = (
        "entry_line JOIN entry ON entry.document = entry_line.document AND entry.position = entry_line.entry "
        "JOIN document ON document.id = entry_line.document"
    )
    return f"CREATE VIEW report_entry_line AS SELECT {heads}, {amounts}, {tails} FROM {joined}"  # noqa: S608
