"""Well-typed formulas over the sample vocabulary, as Hypothesis strategies and by plain chance; and values for them.

Both are made of one table: the leaves of each type, and the shapes, in which <money> is any formula of that type. A
formula of some depth is a leaf, or a shape over formulas of the depth below.
"""

import random
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from hypothesis import strategies as st

from tests.rules.samples import Case, Document, Line, Tax

Text = st.SearchStrategy[str]
TYPES = ("money", "amount", "number", "percent", "text", "date", "boolean")

LEAVES: Mapping[str, tuple[str, ...]] = {
    "money": ("line.net", "document.net", "money(10.05)", "money(-3)"),
    "amount": ("document.price", "formula.base"),
    "number": ("line.quantity", "document.copies", "2", "0.5", "(2 - 2)"),
    "percent": ("line.rate", "document.discount", "22%", "12.5%", "formula.reduced"),
    "text": ("document.number", "text(line.nature)", "'abc'", '"x {document.net}"', "''"),
    "date": ("document.date", "document.due", "2026-01-31", "2028-02-29"),
    "boolean": ("document.is_credit", "true", "given(document.note)", "(line.nature = 'goods')"),
    # no types of formulas: words to choose from
    "compare": ("=", "!=", "<", "<=", ">", ">="),
    "same": ("=", "!="),
    "mode": ("half_even", "half_down", "up", "down", "floor"),
    "months": ("1", "-13", "line.quantity"),
    "code": ("document.number", "'goods'", "line.nature"),
    "zero": ("0",),
}

SHAPES: Mapping[str, tuple[str, ...]] = {
    "money": (
        "formula.total",
        "(<money> + <money>)",
        "(-<money> - <money>)",
        "round(<amount>)",
        "round(<amount>, <mode>)",
        "max(<money>, 0, <money>)",
        "sum(<money> for line where <boolean>)",
        "coalesce(line.net, <money>)",
        "(if <boolean> then <money> else <money>)",
    ),
    "amount": (
        "(<money> * <number>)",
        "(<percent> * <money>)",
        "(<money> / <number>)",
        "(<money> / <percent>)",
        "(<amount> + <money>)",
        "sum(<money> * tax.rate for tax)",
        "sum(formula.base for line)",
    ),
    "number": (
        "(<number> - <number>)",
        "(<number> * <number>)",
        "(<number> * <percent>)",
        "(<number> / <number>)",
        "(<percent> / <percent>)",
        "(<amount> / <money>)",
        "round(<number>, 2)",
        "abs(<number>)",
        "count(line)",
        "count(line where <boolean>)",
        "(<date> - <date>)",
        "year(<date>)",
        "month(<date>)",
        "day(<date>)",
        "length(<text>)",
    ),
    "percent": (
        "(<percent> + <percent>)",
        "(<percent> * <number>)",
        "(<percent> * <percent>)",
        "(<percent> / <number>)",
        "tax_rate(<text>, <date>)",
        "coalesce(tax_rate(<text>, <date>), <percent>)",
    ),
    "text": (
        "formula.label",
        "(<text> & <text>)",
        "text(<money>)",
        "text(<amount>)",
        "text(<number>)",
        "text(<percent>)",
        "text(<date>)",
        "text(<boolean>)",
        "text(<text>)",
        "upper(<text>)",
        "lower(<text>)",
        "trim(<text>)",
        "left(<text>, <number>)",
        "right(<text>, <number>)",
        "coalesce(document.note, <text>)",
        "coalesce(account_of(line.nature), formula.remark, <text>)",
        "(if <boolean> then <text> else <text>)",
    ),
    "date": (
        "(<date> + <number>)",
        "(<date> - <number>)",
        "end_of_month(<date>)",
        "add_months(<date>, <months>)",
    ),
    "boolean": (
        "(<money> <compare> <amount>)",
        "(<money> <compare> <money>)",
        "(<money> <compare> <zero>)",
        "(<number> <compare> <number>)",
        "(<percent> <compare> <percent>)",
        "(<date> <compare> <date>)",
        "(<text> <same> <text>)",
        "(line.nature <same> <code>)",
        "(account_of(line.nature) = <text>)",
        "given(tax_rate(<text>, <date>))",
        "any(line)",
        "(line.nature in ('goods', 'services'))",
        "(line.nature not in ('goods', 'services'))",
        "(<number> in (<number>, <number>))",
        "(<boolean> and <boolean>)",
        "(<boolean> or <boolean>)",
        "(not <boolean>)",
        "any(line where <boolean>)",
        "all(line where <boolean>)",
        "starts_with(<text>, <text>)",
    ),
}

_HOLE = re.compile(r"<([a-z]+)>")


def chosen(kind: str, depth: int, dice: random.Random) -> str:
    """A formula of a type, by chance."""
    if depth == 0 or kind not in SHAPES or dice.random() < 0.2:
        return dice.choice(LEAVES[kind])
    return _HOLE.sub(lambda hole: chosen(hole[1], depth - 1, dice), dice.choice(SHAPES[kind]))


def _filled(shape: str, below: Mapping[str, Text]) -> Text:
    plain = _HOLE.split(shape)[::2]
    holes = [below[kind] for kind in _HOLE.findall(shape)]
    if not holes:
        return st.just(shape)
    return st.tuples(*holes).map(lambda parts: plain[0] + "".join(map(str.__add__, parts, plain[1:])))


def strategies(depth: int) -> Mapping[str, Text]:
    """One strategy per type, so many levels deep."""
    made = {kind: st.sampled_from(leaves) for kind, leaves in LEAVES.items()}
    for _ in range(depth):
        shapes = {kind: [_filled(shape, made) for shape in many] for kind, many in SHAPES.items()}
        made = {kind: st.one_of(st.sampled_from(LEAVES[kind]), *shapes.get(kind, ())) for kind in LEAVES}
    return made


DEPTH = 2
_made = strategies(DEPTH)
formulas: Text = st.one_of(*(_made[kind] for kind in TYPES))
conditions: Text = _made["boolean"]

money = st.decimals("-9999.99", "9999.99", places=2)
small = st.sampled_from([Decimal(n) for n in ("0", "1", "2", "-3", "0.5", "12.25")])
rates = st.sampled_from([Decimal(n) for n in ("0", "4", "22", "2.5")])
odd_values = st.sampled_from(
    [None, 1.5, 7, "x", True, (), [None], Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), Decimal("1e9999999")]
)
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
