"""Hypothesis strategies: well-typed formulas over the sample vocabulary, and values for them."""

from datetime import date
from decimal import Decimal

from hypothesis import strategies as st

from tests.rules.samples import Case, Document, Line, Tax

Text = st.SearchStrategy[str]


def _fill(shape: str, *holes: Text) -> Text:
    return st.tuples(*holes).map(lambda parts: shape.format(*parts))


def _conditional(of: Text, condition: Text) -> Text:
    return _fill("(if {} then {} else {})", condition, of, of)


class Formulas:
    """One strategy per type, each a level deep over those of the level below."""

    def __init__(self, below: "Formulas | None") -> None:
        self.money: Text = st.sampled_from(["line.net", "document.net", "money(10.05)", "money(-3)"])
        self.amount: Text = st.sampled_from(["document.price", "formula.base"])
        self.number: Text = st.sampled_from(["line.quantity", "document.copies", "2", "0.5", "(2 - 2)"])
        self.percent: Text = st.sampled_from(["line.rate", "document.discount", "22%", "12.5%", "formula.reduced"])
        self.text: Text = st.sampled_from(["document.number", "text(line.nature)", "'abc'", '"x {document.net}"', "''"])
        self.date: Text = st.sampled_from(["document.date", "document.due", "2026-01-31", "2028-02-29"])
        self.boolean: Text = st.sampled_from(
            ["document.is_credit", "true", "given(document.note)", "(line.nature = 'goods')"]
        )
        if below is not None:
            self._grow(below)

    def _grow(self, low: "Formulas") -> None:
        quantity = st.one_of(low.money, low.amount, low.number, low.percent)
        self.money |= st.one_of(
            _fill("({} + {})", low.money, low.money),
            _fill("(-{} - {})", low.money, low.money),
            st.just("formula.total"),
            _fill("round({})", low.amount),
            _fill("round({}, {})", low.amount, st.sampled_from(["half_even", "half_down", "up", "down", "floor"])),
            _fill("max({}, 0, {})", low.money, low.money),
            _fill("sum({} for line where {})", low.money, low.boolean),
            _fill("coalesce(line.net, {})", low.money),
            _conditional(low.money, low.boolean),
        )
        self.amount |= st.one_of(
            _fill("({} * {})", low.money, low.number),
            _fill("({} * {})", low.percent, low.money),
            _fill("({} / {})", low.money, st.one_of(low.number, low.percent)),
            _fill("({} + {})", low.amount, low.money),
            _fill("sum({} * tax.rate for tax)", low.money),
            st.just("sum(formula.base for line)"),
        )
        self.number |= st.one_of(
            _fill("({} - {})", low.number, low.number),
            _fill("({} * {})", low.number, st.one_of(low.number, low.percent)),
            _fill("({} / {})", low.number, low.number),
            _fill("({} / {})", low.percent, low.percent),
            _fill("({} / {})", low.amount, low.money),
            _fill("round({}, 2)", low.number),
            _fill("abs({})", low.number),
            st.just("count(line)"),
            _fill("count(line where {})", low.boolean),
            _fill("({} - {})", low.date, low.date),
            _fill("{}({})", st.sampled_from(["year", "month", "day"]), low.date),
            _fill("length({})", low.text),
        )
        self.percent |= st.one_of(
            _fill("({} + {})", low.percent, low.percent),
            _fill("({} * {})", low.percent, st.one_of(low.number, low.percent)),
            _fill("({} / {})", low.percent, low.number),
            _fill("tax_rate({}, {})", low.text, low.date),
            _fill("coalesce(tax_rate({}, {}), {})", low.text, low.date, low.percent),
        )
        self.text |= st.one_of(
            st.just("formula.label"),
            _fill("({} & {})", low.text, low.text),
            _fill("text({})", st.one_of(quantity, low.date, low.boolean, low.text)),
            _fill("{}({})", st.sampled_from(["upper", "lower", "trim"]), low.text),
            _fill("{}({}, {})", st.sampled_from(["left", "right"]), low.text, low.number),
            _fill("coalesce(document.note, {})", low.text),
            _fill("coalesce(account_of(line.nature), formula.remark, {})", low.text),
            _conditional(low.text, low.boolean),
        )
        self.date |= st.one_of(
            _fill("({} + {})", low.date, low.number),
            _fill("({} - {})", low.date, low.number),
            _fill("end_of_month({})", low.date),
            _fill("add_months({}, {})", low.date, st.sampled_from(["1", "-13", "line.quantity"])),
        )
        compare = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
        same = st.sampled_from(["=", "!="])
        self.boolean |= st.one_of(
            _fill("{} {} {}", low.money, compare, st.one_of(low.amount, low.money, st.just("0"))),
            _fill("{} {} {}", low.number, compare, low.number),
            _fill("{} {} {}", low.percent, compare, low.percent),
            _fill("{} {} {}", low.date, compare, low.date),
            _fill("{} {} {}", low.text, same, low.text),
            _fill("line.nature {} {}", same, st.sampled_from(["document.number", "'goods'", "line.nature"])),
            st.just("any(line)"),
            _fill("account_of(line.nature) = {}", low.text),
            _fill("given(tax_rate({}, {}))", low.text, low.date),
            _fill("line.nature {} ('goods', 'services')", st.sampled_from(["in", "not in"])),
            _fill("{} in ({}, {})", low.number, low.number, low.number),
            _fill("({} {} {})", low.boolean, st.sampled_from(["and", "or"]), low.boolean),
            _fill("(not {})", low.boolean),
            _fill("{}(line where {})", st.sampled_from(["any", "all"]), low.boolean),
            _fill("starts_with({}, {})", low.text, low.text),
        ).map(lambda text: f"({text})")

    def any_type(self) -> Text:
        return st.one_of(self.money, self.amount, self.number, self.percent, self.text, self.date, self.boolean)


formulas: Text = Formulas(Formulas(Formulas(None))).any_type()

money = st.decimals("-9999.99", "9999.99", places=2)
small = st.sampled_from([Decimal(n) for n in ("0", "1", "2", "-3", "0.5", "12.25")])
rates = st.sampled_from([Decimal(n) for n in ("0", "4", "22", "2.5")])
maybe_dates = st.none() | st.dates(date(2020, 1, 1), date(2030, 12, 31))

cases: st.SearchStrategy[Case] = st.builds(
    Case,
    document=st.builds(
        Document,
        net=money,
        price=st.decimals("-99", "99", places=5),
        copies=small,
        discount=rates,
        number=st.sampled_from(["FV-7", "", " a "]),
        note=st.sampled_from([None, "note"]),
        date=st.dates(date(2020, 1, 1), date(2030, 12, 31)),
        due=maybe_dates,
        is_credit=st.booleans(),
        category=st.sampled_from(["invoice", "credit_note"]),
    ),
    lines=st.lists(
        st.builds(
            Line,
            net=money | st.none(),
            quantity=small,
            rate=rates,
            nature=st.sampled_from(["goods", "services", None]),
        ),
        max_size=3,
    ),
    taxes=st.lists(st.builds(Tax, base=money, rate=rates), max_size=2),
    quantum=st.sampled_from([Decimal("0.01"), Decimal(1), Decimal("0.001")]),
)
