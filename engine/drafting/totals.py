"""Arithmetic of a document, as EN 16931 computes it. Exact Decimals; each rounding is named where it happens.

1 a line's net is rounded once, from the unrounded discounted price (20 x 4.55 less 10 % is 81.90, not 82.00)
2 tax is computed per (category, rate) on the summed base, then shared among the tax codes of that pair
3 the order of lines never matters
Source: EN 16931-1 BR-CO-10 … BR-CO-17, BR-S-08.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from engine.kernel.money import HUNDRED, ZERO, rounded, share

SPLIT_PAYMENT = "B"
"""UNTDID 5305: the customer pays the tax to the treasury, not to the seller (Italy, art. 17-ter DPR 633/72)."""


@dataclass(frozen=True, slots=True)
class LineAmounts:
    gross: Decimal
    discounts: tuple[Decimal, ...]  # what each takes off; they sum to gross - net
    net: Decimal


@dataclass(frozen=True, slots=True)
class TaxGroup:
    """What one tax row stands for. Rows of the same (category, rate) are taxed together."""

    code: str
    category: str
    rate: Decimal
    due: str


@dataclass(frozen=True, slots=True)
class Totals:
    lines: Decimal
    charges: Decimal
    allowances: Decimal
    net: Decimal
    tax: Decimal
    gross: Decimal
    withholding: Decimal
    prepaid: Decimal
    rounding: Decimal
    payable: Decimal


def line_amounts(
    quantity: Decimal, price: Decimal, discounts: Sequence[tuple[Decimal | None, Decimal | None]], currency: str
) -> LineAmounts:
    """Gross, discounts in order (percent or amount), net.

    Shape: (20, 4.55, [(10, None)], "EUR") -> LineAmounts(91.00, (9.10,), 81.90)
    """
    running = quantity * price
    steps = [rounded(running, currency)]
    for percent, amount in discounts:
        running -= share(running, percent) if percent is not None else (amount or ZERO)
        steps.append(rounded(running, currency))
    taken = tuple(before - after for before, after in zip(steps, steps[1:], strict=False))
    return LineAmounts(steps[0], taken, steps[-1])


def taxes(bases: Iterable[tuple[TaxGroup, Decimal]], currency: str) -> list[tuple[TaxGroup, Decimal, Decimal]]:
    """(group, base, tax) for each group, in a fixed order.

    The tax of a (category, rate) is rounded once on its whole base and shared among its groups by running sums,
    so that shares add up to it to the cent.
    """
    summed: dict[TaxGroup, Decimal] = defaultdict(lambda: ZERO)
    for group, base in bases:
        summed[group] += base
    rows = []
    running: dict[tuple[str, Decimal], Decimal] = defaultdict(lambda: ZERO)
    for group in sorted(summed, key=lambda group: (group.category, -group.rate, group.code, group.due)):
        pair = (group.category, group.rate)
        before = rounded(share(running[pair], group.rate), currency)
        running[pair] += summed[group]
        after = rounded(share(running[pair], group.rate), currency)
        rows.append((group, summed[group], after - before))
    return rows


def totals(
    lines: Iterable[Decimal],
    charges: Iterable[Decimal],
    tax_rows: Iterable[tuple[TaxGroup, Decimal, Decimal]],
    withheld: Iterable[Decimal] = (),
    prepaid: Iterable[Decimal] = (),
) -> Totals:
    """The sums of a document; `charges` are signed, an allowance is negative.

    payable = gross - withholding - prepaid - split-payment tax + rounding; rounding is 0 until cash is rounded.
    """
    signed = list(charges)
    rows = list(tax_rows)
    line_total = sum(lines, ZERO)
    added = sum((amount for amount in signed if amount > 0), ZERO)
    taken = -sum((amount for amount in signed if amount < 0), ZERO)
    net = line_total + added - taken
    tax = sum((amount for _, _, amount in rows), ZERO)
    split = sum((amount for group, _, amount in rows if group.category == SPLIT_PAYMENT), ZERO)
    withholding, paid = sum(withheld, ZERO), sum(prepaid, ZERO)
    payable = net + tax - withholding - paid - split
    return Totals(line_total, added, taken, net, tax, net + tax, withholding, paid, ZERO, payable)


def parts(amount: Decimal, percents: Sequence[Decimal], currency: str) -> list[Decimal]:
    """An amount in parts by percent; running sums keep them adding up to it.

    Shape: (100.00, [33, 33, 34], "EUR") -> [33.00, 33.00, 34.00]
    """
    done, result, running = ZERO, [], ZERO
    whole = sum(percents, ZERO) or HUNDRED
    for percent in percents:
        running += percent
        upto = rounded(amount * running / whole, currency)
        result.append(upto - done)
        done = upto
    return result
