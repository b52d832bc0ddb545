"""The arithmetic of a document, and what the proof of balanced journals relies on (BALANCE_PROOF.md)."""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from decimal import Decimal, localcontext
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.drafting.drafted import Draft
from engine.drafting.totals import TaxGroup, line_amounts, parts, taxes, totals
from engine.kernel.codes import ZERO_RATED
from engine.kernel.faults import Faulty
from engine.kernel.money import EXACT, rounded, share
from tests.packs.shipped import catalog_of
from tests.support.drafts import Document, demo_documents, drafted

D = Decimal
currencies = st.sampled_from(["EUR", "JPY", "KWD"])
amounts = st.decimals(min_value=-100_000, max_value=100_000, places=3)
groups = st.builds(
    TaxGroup,
    st.sampled_from(["A", "B", "C"]),
    st.sampled_from(["S", "B"]),
    st.sampled_from([D("20"), D("5.5"), D("2.1"), D("10")]),
    st.sampled_from(["invoice", "payment"]),
)
bases = st.lists(st.tuples(groups, amounts), max_size=10)


def in_currency(pairs: Sequence[tuple[TaxGroup, Decimal]], currency: str) -> list[tuple[TaxGroup, Decimal]]:
    return [(group, rounded(amount, currency)) for group, amount in pairs]


# --- lines ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quantity", "price", "discounts", "currency", "wanted"),
    [
        ("20", "4.55", [("10", None)], "EUR", ("91.00", ["9.10"], "81.90")),
        ("3", "0.335", [], "EUR", ("1.01", [], "1.01")),
        ("1", "100", [("10", None), (None, "5"), ("50", None)], "EUR", ("100.00", ["10.00", "5.00", "42.50"], "42.50")),
        ("-2", "10", [("10", None)], "EUR", ("-20.00", ["-2.00"], "-18.00")),
        ("3", "33.3", [("33", None)], "JPY", ("100", ["33"], "67")),
        ("1", "1.0005", [], "KWD", ("1.001", [], "1.001")),
    ],
)
def test_a_line_is_rounded_once_from_its_unrounded_discounted_price(
    quantity: str, price: str, discounts: list[Any], currency: str, wanted: tuple[str, list[str], str]
) -> None:
    given_discounts = [(D(percent) if percent else None, D(off) if off else None) for percent, off in discounts]
    made = line_amounts(D(quantity), D(price), given_discounts, currency)
    assert (str(made.gross), [str(one) for one in made.discounts], str(made.net)) == wanted


discount = st.tuples(st.decimals(min_value=0, max_value=100, places=4), st.none()) | st.tuples(
    st.none(), st.decimals(min_value=0, max_value=50, places=2)
)


@given(
    st.decimals(min_value=-1000, max_value=1000, places=4),
    st.decimals(min_value=0, max_value=1000, places=6),
    st.lists(discount, max_size=4),
    currencies,
)
def test_discounts_add_up_to_gross_less_net(
    quantity: Decimal, price: Decimal, discounts: list[tuple[Decimal | None, Decimal | None]], currency: str
) -> None:
    with localcontext(EXACT):
        made = line_amounts(quantity, price, discounts, currency)
        assert sum(made.discounts, D(0)) == made.gross - made.net
        assert len(made.discounts) == len(discounts)
        for amount in (made.gross, made.net, *made.discounts):
            assert type(amount) is Decimal and rounded(amount, currency) == amount


# --- taxes ----------------------------------------------------------------------------------------------------------


@given(bases, currencies)
def test_shares_add_up_to_the_rounded_tax_of_category_and_rate(
    pairs: list[tuple[TaxGroup, Decimal]], currency: str
) -> None:
    pairs = in_currency(pairs, currency)
    rows = taxes(pairs, currency)
    whole: dict[tuple[str, Decimal], Decimal] = defaultdict(Decimal)
    shared: dict[tuple[str, Decimal], Decimal] = defaultdict(Decimal)
    for group, base in pairs:
        whole[group.category, group.rate] += base
    for group, _, tax in rows:
        shared[group.category, group.rate] += tax
        assert rounded(tax, currency) == tax
    assert shared == {pair: rounded(share(base, pair[1]), currency) for pair, base in whole.items()}
    assert sum((base for _, base, _ in rows), D(0)) == sum((base for _, base in pairs), D(0))
    assert len({group for group, _, _ in rows}) == len(rows)


@given(bases, st.integers(), currencies)
def test_the_order_of_lines_never_matters(pairs: list[tuple[TaxGroup, Decimal]], seed: int, currency: str) -> None:
    pairs = in_currency(pairs, currency)
    shuffled = [*pairs]
    random.Random(seed).shuffle(shuffled)  # noqa: S311  not for secrets
    assert taxes(pairs, currency) == taxes(shuffled, currency)
    charges = [base for _, base in pairs]
    turned = [base for _, base in shuffled]
    rows = taxes(pairs, currency)
    assert totals(charges, charges, rows, charges, charges) == totals(turned, turned, rows, turned, turned)


def test_one_tax_code_is_taxed_on_its_whole_base_not_line_by_line() -> None:
    group = TaxGroup("FR20", "S", D(20), "invoice")
    assert taxes([(group, D("0.02"))] * 3, "EUR") == [(group, D("0.06"), D("0.01"))]


def test_two_codes_of_one_rate_share_its_tax() -> None:
    one, two = (TaxGroup(code, "S", D(20), "invoice") for code in "AB")
    rows = taxes([(one, D("0.02")), (two, D("0.02"))], "EUR")
    assert [tax for _, _, tax in rows] == [D("0.00"), D("0.01")]


def test_what_is_due_at_payment_is_a_row_of_its_own() -> None:
    now, later = (TaxGroup("FR20", "S", D(20), due) for due in ("invoice", "payment"))
    assert [row[0].due for row in taxes([(later, D(1)), (now, D(1))], "EUR")] == ["invoice", "payment"]


# --- sums -----------------------------------------------------------------------------------------------------------


@given(st.lists(amounts), st.lists(amounts), bases, st.lists(amounts), st.lists(amounts))
def test_totals_keep_their_identities(
    lines: list[Decimal],
    charges: list[Decimal],
    pairs: list[tuple[TaxGroup, Decimal]],
    held: list[Decimal],
    paid: list[Decimal],
) -> None:
    rows = taxes(in_currency(pairs, "EUR"), "EUR")
    made = totals(lines, charges, rows, held, paid)
    split = sum((tax for group, _, tax in rows if group.category == "B"), D(0))
    assert made.charges >= 0 and made.allowances >= 0
    assert made.net == made.lines + made.charges - made.allowances == sum(lines, D(0)) + sum(charges, D(0))
    assert made.gross == made.net + made.tax
    assert made.payable == made.gross - made.withholding - made.prepaid - split + made.rounding


@given(amounts, st.lists(st.decimals(min_value="0.01", max_value=100, places=2), min_size=1, max_size=6), currencies)
def test_parts_add_up_to_the_whole_each_at_the_currencys_exponent(
    amount: Decimal, percents: list[Decimal], currency: str
) -> None:
    amount = rounded(amount, currency)
    with localcontext(EXACT):
        made = parts(amount, percents, currency)
        assert sum(made, D(0)) == amount and len(made) == len(percents)
        assert all(rounded(one, currency) == one for one in made)
        exact = [amount * percent / sum(percents, D(0)) for percent in percents]
    unit = rounded(D(1), currency).scaleb(rounded(D(1), currency).as_tuple().exponent)  # type: ignore[arg-type]
    assert all(abs(one - near) <= unit for one, near in zip(made, exact, strict=True))


def test_the_last_part_takes_the_rest() -> None:
    assert parts(D("100.00"), [D("33.33"), D("33.33"), D("33.34")], "EUR") == [D("33.33"), D("33.33"), D("33.34")]
    assert parts(D("0.01"), [D(50), D(50)], "EUR") == [D("0.01"), D("0.00")]
    assert parts(D("10.00"), [], "EUR") == []


# --- whole documents: what the balance proof takes for granted ------------------------------------------------------


def numbers(value: Any) -> Iterator[Any]:
    """Every number of a draft, however deep."""
    if isinstance(value, dict):
        for one in value.values():
            yield from numbers(one)
    elif isinstance(value, tuple | list):
        for one in value:
            yield from numbers(one)
    elif is_dataclass(value):
        for field in fields(value):
            yield from numbers(getattr(value, field.name))
    elif isinstance(value, int | float | Decimal | complex) and not isinstance(value, bool):
        yield value


def total(values: Iterator[Decimal] | list[Decimal]) -> Decimal:
    return sum(values, D(0))


def made_of(document: Document) -> Draft:
    """Random allowances may turn a total negative: that is a fault, and no draft."""
    try:
        return drafted(catalog_of("DEMO"), document)
    except Faulty as faulty:
        assert {fault.code for fault in faulty.faults} <= {"negative_total", "discount_too_large", "prepaid_too_large"}
        assume(False)
        raise


@settings(max_examples=200)
@given(demo_documents())
def test_a_draft_keeps_every_invariant_the_balance_proof_relies_on(document: Document) -> None:
    made = made_of(document)
    sums = made.totals
    assert sums.lines == total([line.net for line in made.lines])
    assert sums.charges == total([one.amount for one in made.charges if one.kind == "charge"])
    assert sums.allowances == -total([one.amount for one in made.charges if one.kind == "allowance"])
    assert sums.net == total([line.net for line in made.lines]) + total([one.amount for one in made.charges])
    assert sums.tax == total([row.amount for row in made.taxes])
    assert sums.gross == sums.net + sums.tax
    assert sums.withholding == total([row.amount for row in made.withholdings])
    assert sums.prepaid == total([one.amount for one in made.prepaid])
    split = total([row.amount for row in made.taxes if row.category == "B"])
    assert sums.payable == sums.gross - sums.withholding - sums.prepaid - split + sums.rounding
    assert sums.payable == total([row.amount for row in made.due_dates])
    rows = [(row.category, row.base) for row in made.taxes]
    bases = [(line.tax_category, line.net) for line in made.lines]
    bases += [(one.tax_category, one.amount) for one in made.charges]
    for category in {category for category, _ in rows + bases}:
        assert total([base for of, base in rows if of == category]) == total(
            [net for of, net in bases if of == category]
        )
    assert all(row.amount == 0 for row in made.taxes if row.category in ZERO_RATED)
    assert all(one.amount >= 0 if one.kind == "charge" else one.amount <= 0 for one in made.charges)


@settings(max_examples=100)
@given(demo_documents())
def test_a_draft_holds_exact_decimals_and_money_at_the_currencys_exponent(document: Document) -> None:
    made = made_of(document)
    assert all(type(number) in (Decimal, int) for number in numbers(made))
    money = [getattr(made.totals, field.name) for field in fields(made.totals)]
    money += [
        amount for line in made.lines for amount in (line.gross, line.net, *(taken for _, taken in line.discounts))
    ]
    money += [one.amount for one in made.charges] + [one.amount for one in made.withholdings]
    money += [amount for row in made.taxes for amount in (row.base, row.amount)] + [
        row.amount for row in made.due_dates
    ]
    assert all(type(amount) is Decimal and rounded(amount, made.currency) == amount for amount in money)


@settings(max_examples=50)
@given(demo_documents(), st.randoms(use_true_random=False))
def test_a_document_is_the_same_whatever_the_order_of_its_lines(document: Document, chance: random.Random) -> None:
    made = made_of(document)
    lines = [*document["lines"]]
    chance.shuffle(lines)
    other = drafted(catalog_of("DEMO"), document | {"lines": lines})
    assert other.totals == made.totals and other.taxes == made.taxes and other.due_dates == made.due_dates
