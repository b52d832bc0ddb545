"""Closed code sets and the aliases that become canonical at the wall.

Sources: ISO 3166-1 alpha-2 and alpha-3; UNTDID 5305 as restricted by EN 16931 for VAT categories; DESIGN §1 for ours.
"""

from __future__ import annotations

from typing import Literal, get_args

Module = Literal["sales", "purchase"]
Category = Literal[
    "invoice", "credit_note", "debit_note", "credit_memo", "proforma",
    "quote", "order", "delivery_note", "receipt", "goods_receipt", "return",
]  # fmt: skip
PurchaseKind = Literal["invoice", "additional_invoice", "credit_note", "credit_note_on_return"]
TaxCategory = Literal["S", "Z", "E", "AE", "K", "G", "O", "L", "M", "B"]
TaxDue = Literal["invoice", "payment"]
Nature = Literal["goods", "service"]
Side = Literal["debit", "credit"]
LedgerUse = Literal["none", "authorized", "mandatory"]

MODULES: tuple[str, ...] = get_args(Module)
CATEGORIES: tuple[str, ...] = get_args(Category)
TAX_CATEGORIES: tuple[str, ...] = get_args(TaxCategory)
CREDITS = frozenset({"credit_note", "credit_memo"})
"""Both reverse; `credit_note` corrects named documents, `credit_memo` is a free credit to a partner."""
NEVER_POSTED = frozenset({"proforma", "quote", "order"})
"""Categories that may not have an automatic journal."""
POSTED_ONLY_IF_ASKED = NEVER_POSTED | {"delivery_note"}
"""Categories for which a blank automatic journal means no posting; for the others it is a fault (sales) or PIHI."""
ZERO_RATED = frozenset({"Z", "E", "AE", "K", "G", "O"})
REASON_NEEDED = frozenset({"E", "AE", "K", "G", "O"})
"""EN 16931 BR-E-10, BR-AE-10, BR-IC-10, BR-G-10, BR-O-10: an exemption code or text is compulsory."""

LEGISLATION_ALIASES = {
    "FR": "FRA", "IT": "ITA", "ES": "ESP", "SPA": "ESP", "PT": "PRT", "POR": "PRT",
    "DE": "DEU", "GER": "DEU", "BE": "BEL", "GB": "GBR", "UK": "GBR",
}  # fmt: skip

COUNTRIES = frozenset(
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA "
    "CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA "
    "GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP "
    "KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS "
    "MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS "
    "RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW "
    "TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XI XK YE YT ZA ZM ZW".split()
)
"""ISO 3166-1 alpha-2, with XI (Northern Ireland) and XK as e-invoices use them."""
CURRENCIES = frozenset(
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD "
    "CDF CHF CLF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF "
    "GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP "
    "LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB "
    "PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL "
    "THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYI UYU UYW UZS VED VES VND VUV WST XAF XCD XOF XPF YER "
    "ZAR ZMW ZWG".split()
)


def legislation(code: str) -> str:
    """The ISO 3166 alpha-3 code of a legislation: `POR` -> `PRT`, `fr` -> `FRA`; blank stays blank."""
    upper = code.strip().upper()
    return LEGISLATION_ALIASES.get(upper, upper)
