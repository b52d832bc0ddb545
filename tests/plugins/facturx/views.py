"""Builders of DocumentViews: the caller gives what matters to a test, totals and taxes follow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from engine.spi import (
    AddressView,
    ChargeView,
    CompanyView,
    DiscountView,
    DocumentView,
    DueDateView,
    LineView,
    NoteView,
    PartyView,
    PrepaidView,
    ReferenceView,
    TaxView,
    TotalsView,
    WithholdingView,
)

D = Decimal
CENT = D("0.01")


def cents(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)


def address(street: str, postcode: str, city: str, country: str, region: str = "", street2: str = "") -> AddressView:
    return AddressView(street, street2, postcode, city, region, country)


FRENCH = CompanyView(
    code="FR01", name="Ateliers Duval SAS", legislation="FRA",
    address=address("12 rue des Forges", "69003", "Lyon", "FR", street2="Bâtiment B"), country="FR", currency="EUR",
    vat_number="FR40303265045", fiscal_code="", registration_scheme="0002", registration_id="303265045",
    electronic_address_scheme="0225", electronic_address="303265045", email="facturation@ateliers-duval.example",
    phone="+33 4 72 00 00 00", legal_form="SAS", share_capital="120 000 €", trade_register="RCS Lyon 303 265 045",
    tax_regime="normal", bank_accounts=(("FR7630006000011234567890189", "AGRIFRPP"),),
)  # fmt: skip
ITALIAN = CompanyView(
    code="IT01", name="Officine Bianchi S.r.l.", legislation="ITA",
    address=address("Via Emilia 45", "40122", "Bologna", "IT", "BO"), country="IT", currency="EUR",
    vat_number="IT00743110157", fiscal_code="00743110157", registration_scheme="", registration_id="",
    electronic_address_scheme="0211", electronic_address="IT00743110157", email="ufficio@officine-bianchi.example",
    phone="+39 051 000000", legal_form="S.r.l.", share_capital="50.000,00 € i.v.", trade_register="REA BO-123456",
    tax_regime="RF01", bank_accounts=(("IT60X0542811101000000123456", "BPMOIT22"),),
)  # fmt: skip
BRITISH = CompanyView(
    code="GB01", name="Harbour & Finch Ltd", legislation="GBR",
    address=address("3 Quay Street", "BS1 4DJ", "Bristol", "GB"), country="GB", currency="GBP",
    vat_number="GB980780684", fiscal_code="", registration_scheme="", registration_id="01234567",
    electronic_address_scheme="", electronic_address="", email="accounts@harbour-finch.example",
    phone="+44 117 000 000", legal_form="Private limited company", share_capital="",
    trade_register="Registered in England 01234567", tax_regime="",
    bank_accounts=(("GB29NWBK60161331926819", "NWBKGB2L"),),
)  # fmt: skip


def partner(name: str = "Boulangerie Martin SARL", country: str = "FR", **changes: Any) -> PartyView:
    home = {
        "FR": address("5 place du Marché", "38000", "Grenoble", "FR"),
        "IT": address("Corso Italia 10", "20122", "Milano", "IT", "MI"),
        "DE": address("Hauptstraße 7", "80331", "München", "DE"),
        "GB": address("10 Market Row", "LS1 2AB", "Leeds", "GB"),
        "US": address("200 Main Street", "02110", "Boston", "US", "MA"),
    }[country]
    vat = {"FR": "FR11999999998", "IT": "IT01234560157", "DE": "DE136695976", "GB": "GB980780684", "US": ""}[country]
    french = country == "FR"
    view = PartyView(
        code="C0042", name=name, kind="business", address=home, country=country, vat_number=vat, fiscal_code="",
        registration_scheme="0002" if french else "", registration_id="820043784" if french else "",
        electronic_address_scheme="0225" if french else "", electronic_address="820043784" if french else "",
        email="compta@client.example", phone="", language={"FR": "fr", "IT": "it"}.get(country, "en"),
    )  # fmt: skip
    return replace(view, **changes)


def line(
    description: str = "Pièce usinée",
    quantity: str = "1",
    price: str = "100",
    rate: str = "20",
    category: str = "S",
    discounts: Sequence[str] = (),
    nature: str = "goods",
    unit: str = "C62",
    **changes: Any,
) -> LineView:
    gross = cents(D(quantity) * D(price))
    left, taken = D(quantity) * D(price), []
    done = gross
    for percent in discounts:
        left -= left * D(percent) / 100
        amount = done - cents(left)
        taken.append(DiscountView(D(percent), amount))
        done -= amount
    view = LineView(
        position=0, description=description, quantity=D(quantity), unit=unit, unit_price=D(price), gross=gross,
        discounts=tuple(taken), net=done, nature=nature, product="P1", sku="", tax_code=f"{category}{rate}",
        tax_category=category, tax_rate=D(rate), references=(),
    )  # fmt: skip
    return replace(view, **changes)


def charge(kind: str, amount: str, rate: str = "20", category: str = "S", **changes: Any) -> ChargeView:
    view = ChargeView(
        kind, "PORT", "Frais de port" if kind == "charge" else "Remise commerciale", "FC" if kind == "charge" else "95",
        None, None, D(amount), f"{category}{rate}", category, D(rate),
    )  # fmt: skip
    return replace(view, **changes)


REASONS = {
    "E": ("VATEX-FR-CGI261-4", "Exonération, article 261-4 du CGI"),
    "AE": ("VATEX-EU-AE", "Autoliquidation"),
    "K": ("VATEX-EU-IC", "Exonération de TVA, article 262 ter-I du CGI"),
    "G": ("VATEX-EU-G", "Exonération de TVA, article 262-I du CGI"),
    "O": ("VATEX-EU-O", "Operazione fuori campo IVA"),
}
NATURES = {"O": "N2.2", "E": "N4", "AE": "N6.9", "K": "N3.2", "G": "N3.1"}
FRENCH_NOTES = (
    NoteView("En cas de retard de paiement, indemnité forfaitaire pour frais de recouvrement : 40 €.", "PMT"),
    NoteView("Pénalités de retard : trois fois le taux d’intérêt légal.", "PMD"),
    NoteView("Pas d’escompte pour paiement anticipé.", "AAB"),
)


def taxes_of(lines: Sequence[LineView], charges: Sequence[ChargeView], due: str = "invoice") -> tuple[TaxView, ...]:
    bases: dict[tuple[str, str, Decimal], Decimal] = {}
    for item, amount in [(x, x.net) for x in lines] + [
        (c, c.amount if c.kind == "charge" else -c.amount) for c in charges
    ]:
        key = (item.tax_code, item.tax_category, item.tax_rate)
        bases[key] = bases.get(key, D(0)) + amount
    return tuple(
        TaxView(code, category, rate, due, base, cents(base * rate / 100), *REASONS.get(category, ("", "")),
                NATURES.get(category, ""))
        for (code, category, rate), base in bases.items()
    )  # fmt: skip


def document(
    company: CompanyView = FRENCH,
    customer: PartyView | None = None,
    lines: Sequence[LineView] = (),
    charges: Sequence[ChargeView] = (),
    prepaid: Sequence[PrepaidView] = (),
    withholdings: Sequence[WithholdingView] = (),
    rounding: str = "0",
    **changes: Any,
) -> DocumentView:
    """A posted invoice: totals, taxes and one due date are computed; anything else is given in `changes`."""
    numbered = tuple(replace(each, position=n) for n, each in enumerate(lines or (line(),), 1))
    taxes = changes.pop("taxes", None) or taxes_of(numbered, charges)
    net_of_lines = sum((x.net for x in numbered), D(0))
    added = sum((c.amount for c in charges if c.kind == "charge"), D(0))
    taken = sum((c.amount for c in charges if c.kind == "allowance"), D(0))
    net, tax = net_of_lines + added - taken, sum((t.amount for t in taxes), D(0))
    held = sum((w.amount for w in withholdings), D(0))
    paid = sum((p.amount for p in prepaid), D(0))
    split = sum((t.amount for t in taxes if t.category == "B"), D(0))
    payable = net + tax - held - paid - split + D(rounding)
    french = company.legislation == "FRA"
    view = DocumentView(
        id=7, number="FA-2026-00042" if french else "2026/00042", module="sales", category="invoice", is_credit=False,
        invoice_type="FAC", type_description={"FRA": "Facture", "ITA": "Fattura"}.get(company.legislation, "Invoice"),
        untdid_code="380", national_code="TD01" if company.legislation == "ITA" else "", self_billed=False,
        date=date(2026, 11, 2), supply_date=date(2026, 10, 30), period=None, currency=company.currency,
        exchange_rate=D(1), tax_company_currency=tax,
        language={"FRA": "fr", "ITA": "it"}.get(company.legislation, "en"),
        subject="", buyer_reference="", process_code="M1" if french else "", company=company,
        partner=customer or partner(country=company.country), ship_to=None, lines=numbered, charges=tuple(charges),
        taxes=taxes, withholdings=tuple(withholdings), prepaid=tuple(prepaid),
        totals=TotalsView(net_of_lines, added, taken, net, tax, net + tax, held, paid, D(rounding), payable),
        due_dates=(DueDateView(date(2026, 12, 2), payable, "VIR"),), payment_method="VIR", payment_means="",
        payment_terms="", references=(), notes=FRENCH_NOTES if french else (),
    )  # fmt: skip
    return replace(view, **changes)


# -- a set that meets every corner -------------------------------------------------------------------------------------


def french_mixed() -> DocumentView:
    """Goods and services, three rates, line and document discounts, charges, B2B through a French platform."""
    return document(
        customer=partner(),
        lines=(
            line("Bride inox DN50\nAcier 316L, usinage 5 axes\nLot 2026-118", "40", "18.905", discounts=("10", "5"),
                 sku="BR-316-50"),
            line("Pose et mise en service sur site", "7.5", "65", nature="service", unit="HUR"),
            line("Manuel technique relié", "3", "24.90", "5.5", sku="DOC-7"),
            line("Huile de coupe", "12.125", "9.1234", "10", unit="LTR"),
        ),
        charges=(
            charge("charge", "35.00", code="PORT"),
            charge("allowance", "20.00", percent=D(2), base=D("1000.00")),
        ),
        references=(
            ReferenceView("order", "CDE-8891", date(2026, 10, 1), "", ""),
            ReferenceView("contract", "CTR-2025-3", None, "", ""),
            ReferenceView("delivery_note", "BL-2026-77", date(2026, 10, 30), "", ""),
            ReferenceView("delivery_note", "BL-2026-78", date(2026, 10, 31), "", ""),
            ReferenceView("project", "Ligne 4", None, "", ""),
        ),
        notes=(*FRENCH_NOTES, NoteView("B2B", "BAR"), NoteView("TVA acquittée sur les débits.", "")),
        buyer_reference="Service achats, M. Petit",
        payment_terms="30 jours net",
        subject="Travaux de la ligne 4",
        ship_to=partner("Boulangerie Martin, atelier", address=address("ZI Nord, quai 3", "38120", "Fontanil", "FR")),
    )  # fmt: skip


def french_credit() -> DocumentView:
    return document(
        lines=(line("Retour : bride inox DN50", "2", "18.905"),),
        number="AV-2026-00003", category="credit_note", is_credit=True, untdid_code="381", type_description="Avoir",
        references=(ReferenceView("corrects", "FA-2026-00042", date(2026, 11, 2), "", "Pièces défectueuses"),),
        due_dates=(), process_code="B1",
    )  # fmt: skip


def italian_plain() -> DocumentView:
    """Two Italian rates, withholding of a professional, a deferred payment in two instalments."""
    doc = document(
        ITALIAN,
        lines=(
            line("Consulenza tecnica, ottobre", "12", "80", "22", nature="service", unit="HUR"),
            line("Manuale d’uso", "2", "15.50", "4"),
        ),
        withholdings=(WithholdingView("RT01", D("960.00"), D(20), D("192.00")),),
        payment_terms="30/60 giorni data fattura",
        period=(date(2026, 10, 1), date(2026, 10, 31)),
        supply_date=None,
    )
    half = cents(doc.totals.payable / 2)
    due = (
        DueDateView(date(2026, 12, 2), half, "BON"),
        DueDateView(date(2027, 1, 2), doc.totals.payable - half, "BON"),
    )
    return replace(doc, due_dates=due)


def italian_split() -> DocumentView:
    return document(
        ITALIAN,
        partner("Comune di Ferrara", "IT", kind="public_body", fiscal_code="00297110389"),
        lines=(line("Manutenzione impianti", "1", "800.40", "22", "B", nature="service"),),
        notes=(NoteView("Scissione dei pagamenti, art. 17-ter DPR 633/1972.", ""),),
    )


def italian_out_of_scope() -> DocumentView:
    """A forfettario: category O for all, no VAT number on either side."""
    return document(
        replace(ITALIAN, fiscal_code="RCCMNL83S18D969H", tax_regime="RF19", legal_form="", share_capital="",
                trade_register="", name="Emanuela Rocci"),
        lines=(line("Progetto grafico", "1", "750", "0", "O", nature="service"), line("Bollo", "1", "2", "0", "O")),
    )  # fmt: skip


def foreign(category: str, **changes: Any) -> DocumentView:
    """AE, K, G or E from France to a customer for whom that makes sense."""
    country = {"AE": "DE", "K": "DE", "G": "US", "E": "FR"}[category]
    lines = (line("Module de formation" if category in ("AE", "E") else "Presse P40", "1", "1500", "0", category),)
    return document(customer=partner("Kunde & Söhne GmbH", country), lines=lines, language="fr", **changes)


def prepaid() -> DocumentView:
    return document(
        lines=(line("Machine spéciale", "1", "5000"),),
        prepaid=(PrepaidView(D("1800.00"), date(2026, 9, 1), "FAA-2026-00009"),),
        references=(ReferenceView("advance", "FAA-2026-00009", date(2026, 9, 1), "", ""),),
        process_code="B4",
        rounding="0.02",
    )


def in_dollars() -> DocumentView:
    doc = document(customer=partner("Northern Tools Inc.", "US"), lines=(line("Etching, unit 4", "3", "999.99"),),
                   language="en", currency="USD", exchange_rate=D("0.92"))  # fmt: skip
    return replace(doc, tax_company_currency=cents(doc.totals.tax * doc.exchange_rate))


def british() -> DocumentView:
    return document(
        BRITISH,
        partner("Leeds Cycle Works", "GB"),
        lines=(
            line("Frame, 54 cm", "4", "1150.00", discounts=("7.5",)),
            line("Fitting session", "2.5", "48", unit="HUR", nature="service"),
        ),
        charges=(charge("charge", "45.00", description="Carriage"),),
        payment_terms="Net 30 days",
    )


def long_one(count: int, **changes: Any) -> DocumentView:
    texts = ("Vis M8", "Écrou frein DIN 985, classe 8, boîte de deux cents pièces conditionnées en vrac", "Rondelle")
    return document(
        lines=[line(f"{texts[n % 3]} n° {n}", str(n % 7 + 1), f"{n % 11 + 1}.35", discounts=("5",) if n % 4 else ())
               for n in range(count)], **changes)  # fmt: skip


def self_billed() -> DocumentView:
    """A purchase we bill ourselves in the supplier's name."""
    return document(
        customer=partner(), module="purchase", self_billed=True, untdid_code="389", type_description="Autofacture",
        number="AUT-2026-1", payment_means="1",
    )  # fmt: skip


HOSTILE = '#import "@x/y": z $x^2$ *b* _i_ `c` <l> @ref // \\ [a] {b} & \' " ]]> \u202eTXT\u202c \x07é'


def hostile() -> DocumentView:
    word = "x" * 300
    return document(
        customer=partner(f"{HOSTILE} {'Très long nom ' * 12}", address=address(HOSTILE, "<1>", word, "FR", word)),
        lines=(line(f"{HOSTILE}\n{word}\n漢字 ", "1", "10", sku=HOSTILE),),
        notes=(*FRENCH_NOTES, NoteView(HOSTILE * 9, "")), subject=HOSTILE, buyer_reference=word,
        payment_terms=f"= titre\n- liste\n{HOSTILE}",
    )  # fmt: skip


FRENCH_SET: dict[str, Callable[[], DocumentView]] = {
    "mixed": french_mixed, "credit": french_credit, "ae": lambda: foreign("AE"), "k": lambda: foreign("K"),
    "k-unsaid": lambda: foreign("K", supply_date=None), "g": lambda: foreign("G"), "e": lambda: foreign("E"),
    "prepaid": prepaid, "dollars": in_dollars, "200-lines": lambda: long_one(200), "self-billed": self_billed,
    "hostile": hostile,
    "fine-price": lambda: document(lines=(line("Composant", "1000", "0.01234567"),)),
    "return-line": lambda: document(lines=(line("Vente", "5", "20"), line("Reprise", "1", "-30"))),
    "cash": lambda: document(payment_means="10"),
    "by-payment": lambda: document(lines=(line(nature="service"),), taxes=taxes_of((line(),), (), "payment")),
    "siret": lambda: document(replace(FRENCH, registration_scheme="0009", registration_id="30326504500011"),
                              partner(registration_scheme="0009", registration_id="82004378400017")),
}  # fmt: skip
OTHER_SET: dict[str, Callable[[], DocumentView]] = {
    "it-plain": italian_plain, "it-split": italian_split, "it-out-of-scope": italian_out_of_scope, "british": british,
    "it-debit": lambda: document(ITALIAN, lines=(line("Interessi", "1", "30", "22"),), untdid_code="383"),
    "two-exemptions": lambda: document(ITALIAN, lines=(line(rate="0", category="E"), line(rate="0", category="E",
                                                                                        tax_code="E-OTHER"))),
    "yen": lambda: replace(document(BRITISH, lines=(line("Toy", "3", "1000", "0", "Z"),), currency="JPY"),
                           exchange_rate=D("0.005"), tax_company_currency=D(0)),
    "nothing-optional": lambda: document(
        replace(BRITISH, email="", phone="", legal_form="", trade_register="", bank_accounts=()),
        partner("A", "GB", code="", email="", address=address("", "", "", "GB")), supply_date=None),
}  # fmt: skip
