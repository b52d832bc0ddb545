"""Words, figures and dates of one language, as they print. In: labels.toml. No third-party import."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

from plugins.facturx.invoice import clean, trimmed
from plugins.facturx.lists import exponent, read

MINUS = "\u2212"
NO_BREAK = "\u00a0"
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()  # strftime follows the machine's locale
SIGNS = {"EUR": "€"}  # other currencies are told by code: $ has many
# Marks that turn the direction of what follows: with one, an account number could print reversed.
_DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_LONG_WORD = re.compile(r"\S{25,}")


def known(language: str) -> str:
    """The language whose words the page has, "" when it has none: `fr-BE` -> `fr`."""
    code = language.lower().partition("-")[0].partition("_")[0]
    return code if code in read("labels.toml") else ""


class Words:
    """One language's words, and its way with numbers and dates."""

    def __init__(self, language: str, currency: str = "") -> None:
        self.language = known(language) or "en"
        self._words: dict[str, Any] = read("labels.toml")[self.language]
        self._format: dict[str, str] = self._words["format"]
        self.currency = currency

    def __call__(self, key: str) -> str:
        word: str = self._words[key]
        return word

    def of(self, table: str, code: str) -> str:
        word: str = self._words[table].get(code, code)
        return word

    def number(self, value: Decimal, decimals: int | None = None) -> str:
        text = f"{trimmed(value):,f}" if decimals is None else f"{value + 0:,.{decimals}f}"
        whole, _, part = text.partition(".")
        whole = whole.replace("-", MINUS).replace(",", self._format["thousands"])
        return whole + (self._format["decimal"] + part if part else "")

    def amount(self, value: Decimal) -> str:
        return self.number(value, exponent(self.currency))

    def money(self, value: Decimal, currency: str = "") -> str:
        at = currency or self.currency
        text = self._format["currency"].format(self.number(value, exponent(at)), SIGNS.get(at, at))
        return text.replace("€\u00a0", "€")  # a sign in front stands close, a code does not

    def price(self, value: Decimal) -> str:
        """At the currency's exponent, with more decimals only where there are more."""
        short = trimmed(value)
        return self.number(value, max(exponent(self.currency), len(f"{short:f}".partition(".")[2])))

    def percent(self, value: Decimal) -> str:
        return f"{self.number(value)}{NO_BREAK}%"

    def day(self, on: date) -> str:
        text = self._format["date"].replace("%b", MONTHS[on.month - 1])
        return text.replace("%d", f"{on.day:02}").replace("%m", f"{on.month:02}").replace("%Y", f"{on.year:04}")


def shown(text: str) -> str:
    """Text as it can print: no control characters, no marks that turn direction, long words breakable."""
    return _LONG_WORD.sub(_breakable, _DIRECTION.sub("", clean(text)))


def _breakable(word: re.Match[str]) -> str:
    return "\u200b".join(word[0][n : n + 12] for n in range(0, len(word[0]), 12))


def rows_of(*texts: str) -> list[str]:
    """One printed line per line of text; empty ones leave no gap."""
    return [line for text in texts for line in map(shown, clean(text).splitlines()) if line]
