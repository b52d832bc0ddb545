"""Column types that mean the same on SQLite and PostgreSQL.

Amounts at scale 4, quantities, prices and rates at scale 8, 18 digits each: scaled 64-bit integers on SQLite,
NUMERIC on PostgreSQL. Instants are UTC. Limits are checked at the wall, before a value comes here.

SQLite keeps whatever is written into it. What posted rows hold is read only in the one form that we write: else a byte
could be changed and the value not.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Boolean, DateTime, Dialect, Numeric, TypeDecorator
from sqlalchemy.types import TypeEngine

from engine.kernel.money import AMOUNT_SCALE, EXACT, QUANTITY_SCALE


class _Scaled(TypeDecorator[Decimal]):
    impl = Numeric
    cache_ok = True
    scale: int

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(BigInteger())
        return dialect.type_descriptor(Numeric(18, self.scale))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        if value is None or dialect.name != "sqlite":
            return value
        return int(value.scaleb(self.scale, EXACT))

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Decimal | None] | None:
        """Overrides what `process_result_value` is for: each amount goes through it, and one call is half of two."""
        scale = -self.scale
        nothing = Decimal(0).scaleb(scale)

        def read(value: Any) -> Decimal | None:
            if value == 0:  # half of all amounts
                return nothing
            return None if value is None else Decimal(value).scaleb(scale, EXACT)

        return read if dialect.name == "sqlite" else None


class Amount(_Scaled):
    """Money, at scale 4."""

    cache_ok = True
    scale = AMOUNT_SCALE


class Quantity(_Scaled):
    """A quantity, a price or a rate, at scale 8."""

    cache_ok = True
    scale = QUANTITY_SCALE


_WRITTEN = r"([0-9]{4})-([0-9]{2})-([0-9]{2}) ([0-9]{2}):([0-9]{2}):([0-9]{2})\.([0-9]{6})\Z"


class Instant(TypeDecorator[datetime]):
    """A moment, in UTC. SQLite holds a text, read only as it was written: another byte is another moment, or none."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            from sqlalchemy.dialects.sqlite import DATETIME

            return dialect.type_descriptor(DATETIME(regexp=_WRITTEN))  # type: ignore[no-untyped-call]
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or dialect.name != "sqlite":
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Flag(Boolean):
    """Yes or no. SQLite holds a number: 1 or 0, and nothing else is read as either."""

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        return None if dialect.supports_native_boolean else _flag


def _flag(value: Any) -> bool | None:
    if value is None:
        return None
    if value not in (0, 1):
        raise ValueError(f"{value!r} is neither yes nor no")
    return bool(value)
