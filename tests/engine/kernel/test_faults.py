"""Faults, errors and the small words of the kernel."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.clock import today
from engine.kernel.codes import COUNTRIES, CURRENCIES, LEGISLATION_ALIASES, legislation
from engine.kernel.errors import EngineError
from engine.kernel.faults import KINDS, Fault, FaultKind, Faulty, clipped, nearest
from engine.kernel.periods import in_force, shown
from engine.kernel.wall import UNKNOWN_FIELD

DAYS = st.dates(date(2025, 1, 1), date(2027, 1, 1))


class Fixed:
    def __init__(self, instant: datetime) -> None:
        self.instant = instant

    def now(self) -> datetime:
        return self.instant


def test_a_code_is_declared_once() -> None:
    code = next(iter(KINDS))
    with pytest.raises(ValueError, match="declared twice"):
        FaultKind(code, "", "")


def test_a_hostile_fact_does_not_make_a_hostile_message() -> None:
    fault = UNKNOWN_FIELD.at("lines", field="x" * 10_000_000, remedy="{field}{0}" * 1000)
    assert len(fault.message) < 500 and len(fault.remedy) < 500


def test_a_fault_is_four_texts_and_its_path_can_be_seen_from_further_out() -> None:
    fault = Fault("c", "lines[2].tax_code", "m", "r")
    assert fault.as_json() == {"code": "c", "path": "lines[2].tax_code", "message": "m", "remedy": "r"}
    assert fault.under("documents[0]").path == "documents[0].lines[2].tax_code"
    assert Fault("c", "[1]", "m", "r").under("lines").path == "lines[1]"
    assert Fault("c", "", "m", "r").under("lines").path == "lines"


def test_faulty_carries_every_fault_and_names_the_first() -> None:
    faulty = Faulty(Fault(f"c{place}", "p", "m", "r") for place in range(7))
    assert len(faulty.faults) == 7 and str(faulty).startswith("c0 at p: m; c1")


def test_an_error_tells_its_code_facts_and_way_out() -> None:
    class Closed(EngineError):
        code = "closed"
        says = "{series} is closed"
        remedy = "open {series}"

    assert str(Closed(series="FV")) == "closed FV is closed"
    assert Closed(series="FV").as_fault("p") == Fault("closed", "p", "FV is closed", "open FV")


@pytest.mark.parametrize(
    ("word", "known", "told"),
    [
        ("FATC", ["FACT", "AVF"], "did you mean 'FACT'?"),
        ("zzz", ["b", "a"], "known here: a, b"),
        ("zzz", [f"k{place}" for place in range(13)], "else"),
        ("zzz", [], "else"),
    ],
)
def test_the_nearest_word_is_told_else_the_few_known(word: str, known: list[str], told: str) -> None:
    assert nearest(word, known, "else") == told


@given(st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs"])), st.integers(1, 20))
def test_clipped_text_is_whole_or_marked(text: str, most: int) -> None:
    assert clipped(text, most) == (text if len(text) <= most else text[:most] + "…")


@given(st.text("ab\x1b\x07\x9b\u202e\n"))
def test_no_fault_moves_the_cursor_of_who_reads_it(text: str) -> None:
    shown = [clipped(text), UNKNOWN_FIELD.at(text, field=text, remedy=text).path]
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set("".join(shown))


@given(st.none() | DAYS, st.none() | DAYS, DAYS)
def test_a_validity_without_an_end_is_open_there(since: date | None, to: date | None, on: date) -> None:
    assert in_force(since, to, on) == ((since or on) <= on <= (to or on))


def test_validity_reads_in_words() -> None:
    first, last = date(2026, 1, 1), date(2026, 12, 31)
    assert shown(first, last) == "2026-01-01 to 2026-12-31"
    assert [shown(first, None), shown(None, last), shown(None, None)] == [
        "from 2026-01-01", "until 2026-12-31", "always",
    ]  # fmt: skip


def test_today_is_the_companys_day_not_the_servers() -> None:
    late = Fixed(datetime(2026, 2, 28, 23, 30, tzinfo=UTC))
    assert today(late, "UTC") == today(late, "") == date(2026, 2, 28)
    assert today(late, "Europe/Paris") == date(2026, 3, 1)
    assert today(Fixed(datetime(2026, 3, 1, 1, 0, tzinfo=UTC)), "America/New_York") == date(2026, 2, 28)


@pytest.mark.parametrize(("alias", "code"), [("POR", "PRT"), ("por", "PRT"), (" FR ", "FRA"), ("FRA", "FRA"), ("", "")])
def test_aliases_of_legislations_become_iso_codes(alias: str, code: str) -> None:
    assert legislation(alias) == code


def test_aliases_lead_to_codes_that_are_no_alias() -> None:
    assert not {*LEGISLATION_ALIASES.values()} & {*LEGISLATION_ALIASES}


def test_code_lists_have_the_shape_of_their_standards() -> None:
    assert all(len(code) == 2 for code in COUNTRIES) and {"FR", "IT", "XI"} <= COUNTRIES
    assert all(len(code) == 3 for code in CURRENCIES) and {"EUR", "JPY", "KWD"} <= CURRENCIES
