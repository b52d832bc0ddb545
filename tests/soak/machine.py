"""Posting against a simple model of it: whatever is done in whatever order, numbers, totals and hand-overs agree.

Two houses work on one database, as two processes would, so that plans go stale and keys meet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, precondition, rule

from engine.spi import Rejected, TryLater
from engine.storage import tables
from tests.soak.checker import check
from tests.support.fakes import Broken, breaking, fails, takes
from tests.support.house import CUSTOMER, House, invoice, line, without

Document = dict[str, Any]

FIRST_DAY = date(2026, 12, 29)
HOURS = 2
"""Between two rounds of the relay: longer than its longest pause, so that each round tries everything."""
MOST_APPLIED = 2


@dataclass(frozen=True, slots=True)
class Kind:
    """What a company posts, and what the model expects of it."""

    company: str
    invoice_type: str
    category: str
    counter: str
    number: str
    tax_code: str
    factor: Decimal
    chronological: bool = True
    mailed: bool = True


PARIS = Kind("PARIS", "FACT", "invoice", "FV/FRA", "FV-{}-{:05d}", "FR20", Decimal("1.20"))
MILANO = Kind("MILANO", "FATT", "invoice", "VEN/ITA", "{}/{:05d}", "IT22", Decimal("1.22"))
LILLE = Kind("LILLE", "PRO", "proforma", "PRO/FRA", "PRO-{}-{:05d}", "FR20", Decimal("1.20"), False, False)
CREDIT = Kind("PARIS", "AVF", "credit_note", "AV/FRA", "AV-{}-{:05d}", "FR20", Decimal("1.20"))
OUTCOMES = {"sent": takes, "retry": fails(TryLater("closed")), "rejected": fails(Rejected("no such box"))}
TYPE = """
[[invoice_type]]
code = "OWN"
legislation = "FRA"
module = "sales"
category = "invoice"
description = {{ fr = "La nôtre", en = "Our own, version {version}" }}
entry_type = "FAC"
automatic_journal = "SIHI"
untdid_code = "380"
"""


@dataclass(slots=True)
class Series:
    """What the model knows of one run of numbers."""

    value: int = 0
    last: date = date.min
    gross: Decimal = Decimal(0)


@dataclass(slots=True)
class Model:
    series: dict[tuple[str, str, str], Series] = field(default_factory=dict)
    documents: dict[str, tuple[Kind, Document, Document]] = field(default_factory=dict)  # kind, request, answer
    deliveries: dict[int, str] = field(default_factory=dict)
    head: int = 1

    def of(self, kind: Kind, day: date) -> Series:
        return self.series.get((kind.company, kind.counter, str(day.year)), Series())

    def refuses(self, kind: Kind, day: date) -> bool:
        return kind.chronological and day < self.of(kind, day).last

    def next_number(self, kind: Kind, day: date) -> str:
        return kind.number.format(day.year, self.of(kind, day).value + 1)

    def posted(self, kind: Kind, request: Document, answer: Document) -> None:
        day, gross = date.fromisoformat(request["date"]), Decimal(answer["totals"]["gross"])
        series = self.series.setdefault((kind.company, kind.counter, str(day.year)), Series())
        series.value, series.last, series.gross = series.value + 1, max(day, series.last), series.gross + gross
        self.documents[request["key"]] = (kind, request, answer)
        self.deliveries |= {one["id"]: "pending" for one in answer["deliveries"]}


kinds = st.sampled_from([PARIS, PARIS, MILANO, LILLE])
quantities = st.integers(1, 9)
moves = st.integers(-2, 3)
houses = st.integers(0, 1)


Fresh = Callable[[Path], AbstractContextManager[str]]
"""A new database with DEMO applied, which may lie in the folder given: its URL."""


def posting_on(fresh: Fresh) -> type[Posting]:
    return type("Posting", (Posting,), {"fresh": staticmethod(fresh)})


class Posting(RuleBasedStateMachine):
    fresh: Fresh
    keys = Bundle("keys")

    def __init__(self) -> None:
        super().__init__()
        self._stack = ExitStack()
        self._folder = Path(self._stack.enter_context(TemporaryDirectory()))
        self._url = self._stack.enter_context(self.fresh(self._folder))
        self._houses = [House(self._url)]
        self._houses.append(House(self._url, clock=self._houses[0].clock))
        self._houses[0].connect()
        self._model, self._day, self._count, self._applied = Model(), FIRST_DAY, 0, 0

    # --- posting ----------------------------------------------------------------------------------------------------

    @initialize(target=keys)
    def begin(self) -> str:
        return self._post(0, PARIS, self._asked(PARIS, 1, 0, True))

    @rule(target=keys, who=houses, kind=kinds, quantity=quantities, move=moves, has_mail=st.booleans())
    def post(self, who: int, kind: Kind, quantity: int, move: int, has_mail: bool) -> str:
        return self._post(who, kind, self._asked(kind, quantity, move, has_mail))

    @rule(target=keys, who=houses, key=keys, move=moves)
    def credit(self, who: int, key: str, move: int) -> str:
        """A document of PARIS is corrected by name; whatever else is asked for posts anew."""
        kind, request, answer = self._model.documents.get(key, (LILLE, {}, {}))
        if kind.company != "PARIS":
            return self._post(who, kind, self._asked(kind, 1, move, True))
        asked = self._asked(CREDIT, 1, move, True)
        asked |= {"lines": request["lines"], "references": [{"kind": "corrects", "id": answer["id"]}]}
        return self._post(who, CREDIT, asked)

    @rule(who=houses, key=keys)
    def post_again(self, who: int, key: str) -> None:
        """The first answer comes back, but for what became of its deliveries; a refused document may pass by now."""
        if key in self._model.documents:
            _, request, answer = self._model.documents[key]
            again = self._houses[who].post(request)
            assert without(again, "deliveries") == without(answer, "deliveries")
            assert {one["id"]: one["state"] for one in again["deliveries"]} == {
                one["id"]: self._model.deliveries[one["id"]] for one in answer["deliveries"]
            }

    @rule(who=houses, key=keys)
    def post_another_with_the_key(self, who: int, key: str) -> None:
        if key in self._model.documents:
            request = self._model.documents[key][1]
            assert self._houses[who].refusal(request, subject="another") == ["key_other_content"]

    @rule(who=houses, kind=kinds, quantity=quantities, move=moves)
    def dry_run(self, who: int, kind: Kind, quantity: int, move: int) -> None:
        asked = self._asked(kind, quantity, move, True)
        day = date.fromisoformat(asked["date"])
        if not self._model.refuses(kind, day):
            answer = self._houses[who].post(asked, dry_run=True)
            assert (answer["number"], answer["id"]) == (self._model.next_number(kind, day), None)

    @rule(target=keys, who=houses, kind=kinds, at=st.integers(0, 14))
    def post_while_a_statement_fails(self, who: int, kind: Kind, at: int) -> str:
        """It fails, or it is through before; the retry gets the number either way."""
        asked = self._asked(kind, 1, 0, True)
        with breaking(self._houses[who].database, at):
            try:
                self._houses[who].post(asked)
            except Broken:
                assert not self._houses[who].rows(tables.document, key=asked["key"])
        return self._post(who, kind, asked)

    # --- what else happens ------------------------------------------------------------------------------------------

    @precondition(lambda self: self._applied < MOST_APPLIED)
    @rule(who=houses)
    def apply(self, who: int) -> None:
        self._applied += 1
        self._model.head += 1
        head = self._houses[who].apply(self._folder, "OURS", TYPE.format(version=self._applied))
        assert head == self._model.head

    @rule(who=houses, outcome=st.sampled_from(sorted(OUTCOMES)))
    def relay(self, who: int, outcome: str) -> None:
        house = self._houses[who]
        house.clock.goes_on(hours=HOURS)
        house.channel.behaviour = OUTCOMES[outcome]
        due = [one for one, state in self._model.deliveries.items() if state in ("pending", "retry")]
        assert house.relay() == ({outcome: len(due)} if due else {})
        self._model.deliveries |= dict.fromkeys(due, outcome)

    @rule(who=houses)
    def crash(self, who: int) -> None:
        """The process is gone with all it remembered; another one goes on."""
        gone = self._houses[who]
        self._houses[who] = House(self._url, clock=gone.clock)
        gone.close()

    @rule(who=houses)
    def verify(self, who: int) -> None:
        assert not self._houses[who].verify()

    # --- what always holds ------------------------------------------------------------------------------------------

    @invariant()
    def series_stand_where_the_model_says(self) -> None:
        rows = self._houses[0].rows(tables.series)
        found = {(row["company"], row["counter"], row["period"]): (row["value"], row["last_date"]) for row in rows}
        assert {name: at for name, at in found.items() if at[0]} == {
            name: (series.value, series.last) for name, series in self._model.series.items()
        }
        assert {row["revision"] for row in rows} <= {self._model.head}

    @invariant()
    def documents_add_up_to_what_the_model_says(self) -> None:
        rows = self._houses[0].rows(tables.document)
        assert {row["key"]: row["number"] for row in rows} == {
            key: answer["number"] for key, (_, _, answer) in self._model.documents.items()
        }
        gross: Counter[int] = Counter()
        for row in rows:
            gross[row["series"]] += row["gross"]
        assert sorted(gross.values()) == sorted(series.gross for series in self._model.series.values())

    @invariant()
    def deliveries_are_in_the_state_the_model_says(self) -> None:
        assert {row["id"]: row["state"] for row in self._houses[0].rows(tables.delivery)} == self._model.deliveries

    def teardown(self) -> None:
        try:
            violations = check(self._url).violations
            assert not violations, violations
        finally:
            for house in self._houses:
                house.close()
            self._stack.close()

    # --- in words of the model --------------------------------------------------------------------------------------

    def _asked(self, kind: Kind, quantity: int, move: int, has_mail: bool) -> Document:
        """A new document, some days from the last one's; the model's day goes on with it."""
        self._count += 1
        day = self._day + timedelta(days=move)
        self._day = max(self._day, day)
        lines = [line(quantity=str(quantity), tax_code=kind.tax_code)]
        customer = CUSTOMER if has_mail else without(CUSTOMER, "email")
        asked = {"company": kind.company, "invoice_type": kind.invoice_type, "category": kind.category}
        dated = {"key": f"K{self._count}", "date": day.isoformat(), "customer": customer}
        return invoice(lines) | asked | dated

    def _post(self, who: int, kind: Kind, asked: Document) -> str:
        day, house = date.fromisoformat(asked["date"]), self._houses[who]
        if self._model.refuses(kind, day):
            assert house.refusal(asked) == ["date_before_last"]
            return str(asked["key"])
        expected = self._model.next_number(kind, day)
        answer = house.post(asked)
        assert answer["number"] == expected
        assert answer["revision"] == self._model.head
        gross = sum(Decimal(one["quantity"]) * 100 for one in asked["lines"]) * kind.factor
        assert Decimal(answer["totals"]["gross"]) == gross
        mailed = kind.mailed and "email" in asked["customer"]
        assert [one["state"] for one in answer["deliveries"]] == ["pending"] * mailed
        self._model.posted(kind, asked, answer)
        return str(asked["key"])
