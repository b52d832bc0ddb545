"""Changes of periods and of seals are history, as revisions are: triggers refuse that one is changed or removed."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

TABLES = ("period_change", "seal_setting")
MESSAGE = "revisions never change"


def upgrade() -> None:
    for table in TABLES:
        if op.get_context().dialect.name == "sqlite":
            for change in ("UPDATE", "DELETE"):
                refuse = f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
                op.execute(f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} {refuse}")
            continue
        call = f"EXECUTE FUNCTION refuse_change('{MESSAGE}')"
        op.execute(f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW {call}")
        op.execute(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {call}")
        for trigger in ("no_change", "no_truncate"):
            op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{trigger}")


def downgrade() -> None:
    postgresql = op.get_context().dialect.name == "postgresql"
    for table in TABLES:
        for trigger in ("no_change", "no_truncate") if postgresql else ("no_update", "no_delete"):
            op.execute(sa.text(f"DROP TRIGGER {table}_{trigger}{f' ON {table}' if postgresql else ''}"))
