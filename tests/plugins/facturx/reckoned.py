"""What a request read from a file comes to by our own arithmetic, beside what the file says."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from engine.drafting.totals import TaxGroup, line_amounts, taxes, totals
from engine.spi import ImportedDocument

D = Decimal


def reckoned(request: Mapping[str, Any]) -> dict[str, Decimal]:
    """Totals by our names, and `lines.0` … for nets."""
    currency, nets, bases = request["currency"], [], []
    for line in request.get("lines", ()):
        given = [
            (D(one["percent"]), None) if "percent" in one else (None, D(one["amount"]))
            for one in line.get("discounts", ())
        ]
        nets.append(line_amounts(D(line["quantity"]), D(line["unit_price"]), given, currency).net)
        bases.append((_group(line), nets[-1]))
    charges = [(one, D(one["amount"]) * (1 if one["kind"] == "charge" else -1)) for one in request.get("charges", ())]
    bases += [(_group(one), amount) for one, amount in charges]
    prepaid = [D(one["amount"]) for one in request.get("prepaid", ())]
    summed = totals(nets, [amount for _, amount in charges], taxes(bases, currency), (), prepaid)
    found = {name: getattr(summed, name) for name in type(summed).__dataclass_fields__}
    return found | {f"lines.{n}": net for n, net in enumerate(nets)}


def differences(read: ImportedDocument) -> dict[str, tuple[Decimal, Decimal]]:
    """{name: (the file's, ours)} where they differ."""
    ours = reckoned(read.request)
    told = {name: D(text) for name, text in read.totals.items()}
    return {name: (said, ours[name]) for name, said in told.items() if name in ours and said != ours[name]}


def _group(item: Mapping[str, Any]) -> TaxGroup:
    return TaxGroup("", item.get("tax_category", ""), D(item.get("tax_rate", "0")), "")
