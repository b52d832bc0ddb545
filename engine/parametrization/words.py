"""The kinds of text a pack may hold, each with its check. Light: `definitions` is imported on every start.

A marker stands in `Annotated[str, marker]`; the wall (pydantic, in `packs`) calls its `check`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Annotated, Any

from engine.kernel import codes

_pattern = cache(re.compile)


@dataclass(frozen=True, slots=True)
class Word:
    """Text that must match a pattern; `says` tells the rule in words."""

    pattern: str
    says: str
    blank: bool = True  # whether "" is allowed: absent

    def check(self, value: str) -> str:
        if (value or not self.blank) and not _pattern(self.pattern).fullmatch(value):
            raise ValueError(f"{value[:60]!r} is not {self.says}")
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(self.check, handler(source))


@dataclass(frozen=True, slots=True)
class LegislationWord(Word):
    """A legislation code; aliases become the ISO code here, at the wall."""

    def check(self, value: str) -> str:
        return Word.check(self, codes.legislation(value))


@dataclass(frozen=True, slots=True)
class OneOf(Word):
    """A code of a published list too long for `Literal`."""

    known: frozenset[str] = frozenset()

    def check(self, value: str) -> str:
        if value not in self.known:
            raise ValueError(f"{value[:60]!r} is not {self.says}")
        return value


@dataclass(frozen=True, slots=True)
class Between:
    """A number within bounds, with at most some decimals."""

    least: int
    most: int
    places: int = 0

    def check(self, value: Decimal | int) -> Decimal | int:
        number = Decimal(value)
        if not (number.is_finite() and self.least <= number <= self.most and number == round(number, self.places)):
            decimals = f", at most {self.places} decimals" if self.places else ""
            raise ValueError(f"{str(value)[:40]} is not within {self.least} to {self.most}{decimals}")
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(self.check, handler(source))


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A date, or its ISO text; never a number or a moment."""

    def read(self, value: object) -> date:
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        try:
            if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
                return date.fromisoformat(value)
        except ValueError:
            pass
        raise ValueError(f"{str(value)[:40]!r} is not a date such as 2026-01-31")

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(self.read)


@dataclass(frozen=True, slots=True)
class YesOrNo:
    """true or false; nothing that only looks like it."""

    def read(self, value: object) -> bool:
        if isinstance(value, bool):
            return value
        raise ValueError(f"{str(value)[:40]!r} is neither true nor false")

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(self.read)


@dataclass(frozen=True, slots=True)
class Zone(Word):
    """A time zone of the IANA database."""

    def check(self, value: str) -> str:
        from zoneinfo import ZoneInfo

        try:
            ZoneInfo(value)
        except (OSError, ValueError):
            raise ValueError(f"{value[:60]!r} is not {self.says}") from None
        return value


TimeOfDay = Annotated[str, Word(r"([01]\d|2[0-3]):[0-5]\d", "a time of day such as 08:00")]
Name = Annotated[str, Word(r"[^\x00-\x1f]{1,60}", "a name of 1 to 60 printable characters", blank=False)]
National = Annotated[str, Word(r"[^\x00-\x1f]{0,20}", "a code of at most 20 printable characters")]
Exemption = Annotated[str, Word(r"[^\x00-\x1f]{0,40}", "a code of at most 40 printable characters")]
Day = Annotated[date, CalendarDay()]
Flag = Annotated[bool, YesOrNo()]
Percent = Annotated[Decimal, Between(0, 100, 8)]
TimeZone = Annotated[str, Zone("", "a time zone such as Europe/Paris")]
Code = Annotated[str, Word(r"[A-Z0-9][A-Z0-9_.-]{0,19}", "a code: 1 to 20 of A-Z, 0-9, _ . -")]
TypeCode = Annotated[str, Word(r"[A-Z0-9]{1,5}", "a type code: 1 to 5 of A-Z and 0-9")]
Legislation = Annotated[str, LegislationWord(r"[A-Z]{3}", "an ISO 3166 alpha-3 code such as FRA")]
Country = Annotated[str, OneOf("", "an ISO 3166 alpha-2 code such as FR", known=codes.COUNTRIES)]
Currency = Annotated[str, OneOf("", "an ISO 4217 code such as EUR", known=codes.CURRENCIES)]
Language = Annotated[str, Word(r"[a-z]{2}", "an ISO 639-1 code such as fr")]
AccountCode = Annotated[str, Word(r"[0-9A-Z]{1,20}", "an account: 1 to 20 of 0-9 and A-Z")]
Mask = Annotated[str, Word(r"[0-9A-Zx]{1,20}", "a mask: 1 to 20 of 0-9, A-Z and x for a hole")]
Identifier = Annotated[str, Word(r"[a-z][a-z0-9_]{0,39}", "a name: 1 to 40 of a-z, 0-9, _ starting with a letter")]
AccountSource = Annotated[
    str,
    Word(
        r"[0-9A-Zx]{1,20}|[a-z][a-z_]*\.[a-z][a-z_0-9]*", "an account source: `kind.position`, or a mask such as 411xxx"
    ),
]
Text = Annotated[str, Word(r"[^\x00-\x08\x0b\x0c\x0e-\x1f]{0,2000}", "a text of at most 2,000 printable characters")]
Words = Annotated[
    str, Word(r"(?s)[^\x00-\x08\x0b\x0c\x0e-\x1f]{0,262144}", "a text of at most 256 KB without control signs")
]
MailAddress = Annotated[
    str, Word(r"[^\s@,;:<>\"()\[\]\x00-\x1f]{1,64}@[^\s@,;:<>\"()\[\]\x00-\x1f]{3,189}", "an e-mail address")
]
Recipient = Annotated[
    str,
    Word(
        r"[^\s@,;:<>\"()\[\]\x00-\x1f]{1,64}@[^\s@,;:<>\"()\[\]\x00-\x1f]{3,189}|\+[1-9][0-9]{6,14}",
        "an e-mail address, or a telephone number such as +33612345678",
    ),
]
FormulaText = Annotated[str, Word(r"(?s).{0,4096}", "a formula of at most 4 KB")]
