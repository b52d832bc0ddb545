"""The names that formulas of packs may use, with their types and words: the only bridge between `rules` and documents.

`document` and the rows are facts of a draft (`drafting.facts`); amounts are in the document's currency. Credits are
positive here too: `document.is_credit` tells them apart. `charge.amount` is signed: an allowance is negative.
"""

from __future__ import annotations

from engine.kernel import codes
from rules import (
    AMOUNT,
    BOOLEAN,
    DATE,
    MONEY,
    NUMBER,
    PERCENT,
    TEXT,
    CodeSet,
    Collection,
    Lookup,
    Record,
    Vocabulary,
)

MODULE = CodeSet("module", codes.MODULES)
CATEGORY = CodeSet("category", codes.CATEGORIES)
TAX_CATEGORY = CodeSet("tax category", codes.TAX_CATEGORIES)
TAX_DUE = CodeSet("tax due", ("invoice", "payment"))
NATURE = CodeSet("nature", ("goods", "service"))
SIDE = CodeSet("side", ("debit", "credit"))
PARTY_KIND = CodeSet("kind of partner", ("business", "person", "public_body"))

_COMPANY = Record(
    {
        "code": TEXT, "legislation": TEXT, "country": TEXT, "currency": TEXT, "language": TEXT, "tax_regime": TEXT,
        "vat_on_debits": BOOLEAN, "vat_number": TEXT,
    },
    {"tax_regime": "such as the Italian RF17", "vat_on_debits": "pays VAT by debits, not by receipts"},
)  # fmt: skip
_TYPE = Record(
    {
        "code": TEXT, "module": MODULE, "category": CATEGORY, "cash_vat": BOOLEAN, "self_billed": BOOLEAN,
        "cancellation": BOOLEAN,
        "untdid_code": TEXT, "national_code": TEXT,
    },
    {"cash_vat": "the type's cash-VAT regime"},
)  # fmt: skip
_PARTNER = Record(
    {
        "code": TEXT, "name": TEXT, "kind": PARTY_KIND, "country": TEXT, "vat_number": TEXT, "fiscal_code": TEXT,
        "email": TEXT, "language": TEXT,
    },
    {"country": "ISO 3166-1 alpha-2"},
)  # fmt: skip
_DOCUMENT = Record(
    {
        "module": MODULE, "category": CATEGORY, "is_credit": BOOLEAN, "date": DATE, "currency": TEXT, "language": TEXT,
        "number": TEXT, "site": TEXT, "subject": TEXT, "supplier_number": TEXT, "due_date": DATE,
        "lines": MONEY, "charges": MONEY, "allowances": MONEY, "net": MONEY, "tax": MONEY, "gross": MONEY,
        "withheld": MONEY, "prepaid": MONEY, "rounding": MONEY, "payable": MONEY,
    },
    {
        "number": "known only when posted; a formula that names it is computed after the number",
        "due_date": "the first due date",
        "net": "lines + charges - allowances",
        "payable": "gross - withheld - prepaid - split-payment tax + rounding",
    },
)  # fmt: skip
_LINE = Record(
    {
        "position": NUMBER, "description": TEXT, "quantity": NUMBER, "unit": TEXT, "unit_price": AMOUNT, "gross": MONEY,
        "net": MONEY, "nature": NATURE, "product": TEXT, "account": TEXT, "tax_code": TEXT,
        "tax_category": TAX_CATEGORY, "tax_rate": PERCENT, "tax_due": TAX_DUE,
    },
    {"gross": "quantity x unit price, before discounts", "account": "the account typed on the line, else empty"},
)  # fmt: skip
_CHARGE = Record(
    {
        "kind": CodeSet("kind of charge", ("charge", "allowance")), "code": TEXT, "description": TEXT, "amount": MONEY,
        "tax_code": TEXT, "tax_category": TAX_CATEGORY, "tax_rate": PERCENT, "tax_due": TAX_DUE,
    },
    {"amount": "signed: an allowance is negative"},
)  # fmt: skip
_TAX = Record(
    {
        "code": TEXT, "category": TAX_CATEGORY, "rate": PERCENT, "due": TAX_DUE, "base": MONEY, "amount": MONEY,
        "self_assessed": MONEY,
    },
    {
        "due": "at invoice, or at payment (cash VAT)",
        "self_assessed": "on a purchase, the tax that the buyer assesses (AE, K); else 0",
    },
)  # fmt: skip
_PREPAID = Record(
    {"amount": MONEY, "tax": MONEY, "net": MONEY, "reference": TEXT},
    {"tax": "the tax in it, when an advance invoice charged it; net + tax = amount"},
)
_PAYMENT = Record(
    {"date": DATE, "amount": MONEY, "write_off": MONEY, "method": TEXT, "reference": TEXT},
    {"amount": "in the document's currency", "write_off": "what is let go with it"},
)
_SETTLEMENT = Record(
    {
        "date": DATE, "before": MONEY, "after": MONEY, "whole": MONEY,
        "exigible_before": MONEY, "exigible_after": MONEY,
    },
    {
        "date": "when what runs now is settled; the document's date when nothing is",
        "before": "settled before, advances included",
        "after": "settled with what runs now",
        "whole": "what there is to settle: payable + prepaid",
        "exigible_before": "of the whole, what had made its tax due before",
        "exigible_after": "of the whole, what has made its tax due: all of it at the deadline",
    },
)  # fmt: skip

DOCUMENT = Vocabulary(
    records={
        "document": _DOCUMENT, "company": _COMPANY, "type": _TYPE, "partner": _PARTNER, "settlement": _SETTLEMENT,
        "repeat": Record({"index": NUMBER}, {"index": "the number of a repeated journal line"}),
    },
    collections={
        "line": Collection(key="lines", record=_LINE),
        "charge": Collection(key="charges", record=_CHARGE),
        "tax": Collection(key="taxes", record=_TAX),
        "due_date": Collection(key="due_dates", record=Record({"date": DATE, "amount": MONEY, "method": TEXT})),
        "withholding": Collection(
            key="withholdings", record=Record({"code": TEXT, "base": MONEY, "rate": PERCENT, "amount": MONEY})
        ),
        "prepaid": Collection(key="prepayments", record=_PREPAID),
        "payment": Collection(key="payments", record=_PAYMENT),
    },
    lookups={
        "tax_rate": Lookup(
            (TEXT, DATE), PERCENT, "the rate of a tax in force on a date; missing where there is none",
            'tax_rate("FR20", document.date)',
        ),
        "withholding_rate": Lookup(
            (TEXT, DATE), PERCENT, "the rate of a withholding in force on a date",
            'withholding_rate("RT01", document.date)',
        ),
        "account_mask": Lookup(
            (TEXT, TEXT, TEXT), TEXT, "what an accounting code holds at a position: kind, code, position",
            'account_mask("tax", "STD", "output")',
        ),
        "company_extra": Lookup((TEXT,), TEXT, "what `extra` of the company says", 'company_extra("region")'),
    },
)  # fmt: skip
"""For automatic journals, mentions, delivery rules, and named formulas about a whole document."""

TAX_LINE = Vocabulary(
    records={"company": _COMPANY, "type": _TYPE, "partner": _PARTNER},
    collections={"line": Collection(key="lines", record=Record({"nature": NATURE, "product": TEXT}))},
)
"""For `tax_due`: asked for each line before anything is computed."""

NAMED = {
    "tax_due": (TAX_LINE, TAX_DUE, "line"),
    "process_code": (DOCUMENT, TEXT, None),
    "cash_vat_deadline": (DOCUMENT, DATE, None),
}
"""The formulas the engine asks by their code: vocabulary, what they must yield, and the row they see."""
