"""The words that go with a document: chosen, checked when saved, filled without ever being read again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import flow
from engine.outbox import facts, shortcodes, templates
from engine.parametrization.catalog import Catalog
from engine.parametrization.definitions import Address, Company, Folder, LegislationRecord, Record, Template
from engine.parametrization.packs import read_packs
from engine.spi.contracts import DocumentView, LineView
from tests.plugins.email_smtp.builders import DOCUMENT, PARTNER
from tests.support.house import House, written

PAYLOADS = (
    "{{ company.iban }}",
    "{{# lines }}{{ line.net }}{{/ lines }}",
    "{{/ lines }}",
    "{{ nobody.knows }}",
    "{{allegati}}",
    "{{{{ totals.net }}}}",
    "<script>alert(1)</script>",
    '" onmouseover="alert(1)',
    "'><img src=x>",
    "&lt;b&gt;",
    "{% for x in y %}",
    "${jndi:ldap://x}",
    "{0.__class__}",
    "%(password)s",
    "\r\nBcc: all@example.com",
    "\u202eevil",
    "\x00\x1b[2J",
    "\ud800",
)
EVERY = " ".join(f"{{{{ {name} }}}}" for name in facts.NAMES)
LINES = "{{# lines }}" + " ".join(f"{{{{ {name} }}}}" for name in facts.LISTS["lines"]) + "{{/ lines }}"
LINE = LineView(
    1, "Lampe", Decimal("1.5"), "C62", Decimal("10"), Decimal("15.00"), (), Decimal("15.00"), "goods", "", "SKU-1",
    "FR20", "S", Decimal("20"), (),
)  # fmt: skip


def told(text: str, document: DocumentView = DOCUMENT, language: str = "fr", field: str = "text", url: str = "") -> str:
    return templates.filled({field: text}, document, language, url)[field]


def wrong(text: str) -> list[str]:
    return [one.code for one in templates.text_faults({"text": text}, "here")]


def test_a_text_says_what_the_document_is_in_the_language_of_the_template() -> None:
    text = "{{ document.type }} {{document.number}} du {{ document.date }} : {{ totals.gross }}"
    assert told(text) == "Facture FV-2026-00007 du 1er mars 2026 : 1\u202f200,60 EUR"
    assert told("{{ document.date }}, {{ totals.gross }}", language="de") == "1. März 2026, 1.200,60 EUR"
    assert told("{{ document.date }}, {{ totals.gross }}", language="xx") == "1 March 2026, EUR 1,200.60"


def test_a_block_repeats_for_each_line_and_its_marks_leave_no_blank_lines() -> None:
    document = replace(DOCUMENT, lines=(LINE, replace(LINE, position=2, description="Table")))
    text = "Total:\n{{# lines }}\n{{ line.position }} {{ line.description }} {{ line.quantity }}\n{{/ lines }}\nend"
    assert told(text, document) == "Total:\n1 Lampe 1,5\n2 Table 1,5\nend"
    many = replace(DOCUMENT, lines=(LINE,) * 10_000)
    assert told("{{# lines }}x{{/ lines }}", many) == "x" * shortcodes.MOST_ROWS + "…"


def test_what_a_provider_fills_is_left_to_it() -> None:
    assert wrong("{{allegati}} {{ allegati }}") == []
    assert told("{{allegati}} {{ allegati }}") == "{{allegati}} {{ allegati }}"


@pytest.mark.parametrize(
    ("text", "code", "says", "remedy"),
    [
        ("Dear\n  {{ customer.nam }}", "unknown_shortcode", "line 2, column 3", "'customer.name'"),
        ("{{# line }}{{/ line }}", "unknown_shortcode", "no list line", "'lines'"),
        ("{{ line.net }}", "bad_shortcode", "between {{# lines }} and {{/ lines }}", ""),
        ("{{ customer.name", "bad_shortcode", "not closed", ""),
        ("{{ 1 + 1 }}", "bad_shortcode", "{{ 1 + 1 }} is no name", ""),
        ("{{ a.b.c }}", "bad_shortcode", "is no name", ""),
        ("{{ customer.__class__ }}", "bad_shortcode", "is no name", ""),
        ("{{ customer.name | upper }}", "bad_shortcode", "is no name", ""),
        ("{{# lines }}", "bad_shortcode", "is not ended", ""),
        ("{{/ lines }}", "bad_shortcode", "not open", ""),
        ("{{# lines }}{{# amounts }}{{/ lines }}", "bad_shortcode", "a block in the block lines", ""),
        ("{{ document.number }}" * 501, "bad_shortcode", "at most 500", ""),
        ("x" * (256 * 1024 + 1), "bad_shortcode", "at most 256 KB", ""),
    ],
)
def test_what_is_wrong_in_a_text_is_said_with_its_place_and_a_way_out(
    text: str, code: str, says: str, remedy: str
) -> None:
    (fault,) = templates.text_faults({"text": text}, "pack/a.toml template X")
    assert fault.code == code and fault.path == "pack/a.toml template X text"
    assert says in fault.message and remedy in fault.remedy


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_a_customer_is_called_is_never_read_as_a_shortcode_nor_as_html(payload: str) -> None:
    document = replace(
        DOCUMENT, subject=payload, partner=replace(PARTNER, name=payload), lines=(replace(LINE, description=payload),)
    )
    shown = facts.visible(payload)
    assert told("<{{ customer.name }}>", document) == f"<{shown}>"
    assert told("{{# lines }}<{{ line.description }}>{{/ lines }}", document) == f"<{shown}>"
    html = told('<a title="{{ customer.name }}">{{ document.subject }}</a>', document, field="html")
    outside = html.removeprefix('<a title="').replace("<br>", "").replace("</a>", "").replace('">', "", 1)
    assert not {"<", '"', "'"} & {*outside}
    assert "\n" not in told("{{ customer.name }}", document, field="subject")
    assert not {"\x00", "\x1b", "\r", "\u202e", "\ud800"} & {*told(EVERY, document)}


def test_a_url_that_is_no_web_address_is_not_shown() -> None:
    assert told("{{ document.url }}", url="javascript:alert(1)") == ""
    assert told("{{ document.url }}", url="https://shop.example/orders/7") == "https://shop.example/orders/7"


@given(st.text(st.sampled_from("{}#/ abc.\n"), max_size=200) | st.text(max_size=200))
def test_any_text_is_either_refused_or_filled(text: str) -> None:
    if not wrong(text):
        assert isinstance(told(text), str)
        if "{{" not in text:
            assert told(text) == text


@given(st.text(max_size=60), st.sampled_from(["text", "html", "subject"]))
def test_a_value_leaves_what_stands_around_it_as_it_is(name: str, field: str) -> None:
    document = replace(DOCUMENT, partner=replace(PARTNER, name=name))
    filled = told("before|{{ customer.name }}|after", document, field=field)
    assert filled.startswith("before|") and filled.endswith("|after")
    assert field != "html" or not {"<", ">"} & {*filled.replace("<br>", "")}


@given(st.lists(st.sampled_from([EVERY, LINES, "{{{{", "é" * 1000, "{{ customer.name }}"]), max_size=300))
def test_no_text_grows_beyond_its_limit(parts: list[str]) -> None:
    document = replace(DOCUMENT, partner=replace(PARTNER, name="x" * 5000), lines=(LINE,) * 300)
    assert len(told("".join(parts)[: shortcodes.MOST], document)) <= shortcodes.MOST


# --- which one is meant ----------------------------------------------------------------------------------------------


def template(**changes: str) -> Template:
    given = {"code": "hello", "language": "fr", "subject": "S", "text": "T"} | changes
    return Template(**given)  # type: ignore[arg-type]


PARIS = Company(
    code="PARIS", name="P", legislation="FRA", currency="EUR", language="fr", address=Address(country="FR")
)  # fmt: skip


def catalog(*records: Record) -> Catalog:
    france = LegislationRecord(code="FRA", country="FR", currency="EUR", language="fr")
    bodies: dict[str, dict[str, Record | str]] = {}
    for one in (Folder(language="it"), france, PARIS, *records):
        bodies.setdefault(one.TABLE, {})[one.key] = one
    return Catalog(bodies)


def chosen(language: str, *records: Record) -> templates.Chosen:
    return templates.choose(
        catalog(*records), PARIS, "hello", "email", language=language, invoice_type="FACT", on=date(2026, 3, 1)
    )


def keys(records: tuple[Template, ...], language: str) -> Iterator[str]:
    """The template meant, then the one meant without it, and so on."""
    left = list(records)
    while (found := chosen(language, *left).template) is not None:
        yield found.key
        left.remove(found)


def test_the_readers_language_comes_first_then_company_and_type() -> None:
    records = (
        template(language="en"), template(language="it"), template(), template(invoice_type="FACT"),
        template(company="PARIS"), template(company="PARIS", invoice_type="FACT"), template(language="de"),
        template(language="de", company="MILANO"), template(kind="sms", language="de"),
        template(code="other", language="de"),
    )  # fmt: skip
    assert [*keys(records, "de-AT")] == [
        "hello/email/de/*/*/*", "hello/email/fr/PARIS/FACT/*", "hello/email/fr/PARIS/*/*", "hello/email/fr/*/FACT/*",
        "hello/email/fr/*/*/*", "hello/email/it/*/*/*", "hello/email/en/*/*/*",
    ]  # fmt: skip


def test_each_step_to_a_template_is_told() -> None:
    found = chosen("de", template(company="PARIS"))
    assert [(one["language"], one["of"], one["scope"]) for one in found.steps][3:] == [
        ("de", "document", "all"),
        ("fr", "company", "company PARIS, type FACT"),
        ("fr", "company", "company PARIS"),
    ]
    assert found.steps[0]["reason"] == "unknown" and found.steps[-1]["template"] == "hello/email/fr/PARIS/*/*"


# --- when saved ------------------------------------------------------------------------------------------------------


def test_the_shipped_words_are_right_in_six_languages() -> None:
    (pack,), faults = read_packs(["ALL"])
    shipped = [one.record for one in pack.records if isinstance(one.record, Template)]
    assert not faults and not [*templates.faults(catalog(*shipped), lambda record: record.key)]
    for kind in ("email", "sms"):
        assert {one.language for one in shipped if one.kind == kind} == {"fr", "it", "en", "es", "pt", "de"}
    for one in shipped:
        said = templates.say(one, DOCUMENT)
        assert "FV-2026-00007" in said.text and "1" in said.text and "{{" not in said.text + said.html + said.subject


def test_a_plan_refuses_templates_and_rules_that_say_what_is_not_there(sqlite_house: House, tmp_path: Path) -> None:
    pack = written(tmp_path, "MINE", """
        [[template]]
        code = "hello"
        language = "fr"
        company = "PARIS"
        subject = "{{ document.numbr }}"
        text = "Bonjour"
        [[template]]
        code = "hello"
        kind = "sms"
        language = "fr"
        text = "Bonjour"
        html = "<p>Bonjour</p>"
        [[template]]
        code = "bare"
        language = "fr"
        text = "{{ }}"
        [[delivery_rule]]
        id = "MORE"
        channel = "email"
        connection = "DEMO-MAIL"
        template = "helo"
        attachments = ["factur"]
        [[template]]
        code = "ping"
        kind = "sms"
        language = "fr"
        text = "Bonjour"
        [[delivery_rule]]
        id = "PING"
        channel = "email"
        connection = "DEMO-MAIL"
        template = "ping"
        """, requires=("DEMO",))  # fmt: skip
    faults = flow.plan_packs(sqlite_house, sqlite_house.context, [str(pack)]).faults
    found = {(one.code, one.path): one for one in faults}
    here = "MINE/part0.toml"
    assert {*found} == {
        ("unknown_shortcode", f"{here} template hello/email/fr/PARIS/*/* subject"),
        ("template_shape", f"{here} template hello/sms/fr/*/*/* html"),
        ("template_shape", f"{here} template bare/email/fr/*/*/* subject"),
        ("bad_shortcode", f"{here} template bare/email/fr/*/*/* text"),
        ("unknown_record", f"{here} delivery_rule MORE/* template"),
        ("unknown_format", f"{here} delivery_rule MORE/* attachments"),
        ("template_kind", f"{here} delivery_rule PING/* template"),
    }
    assert "'document.number'" in found["unknown_shortcode", f"{here} template hello/email/fr/PARIS/*/* subject"].remedy


def test_recipients_of_a_rule_are_addresses(sqlite_house: House, tmp_path: Path) -> None:
    pack = written(tmp_path, "MINE", """
        [[delivery_rule]]
        id = "MORE"
        channel = "email"
        connection = "DEMO-MAIL"
        recipients = ["accounts"]
        copies = ["a@example.com", "b@example.com, c@example.com"]
        """, requires=("DEMO",))  # fmt: skip
    faults = flow.plan_packs(sqlite_house, sqlite_house.context, [str(pack)]).faults
    assert {one.code for one in faults} == {"bad_value"} and len(faults) == 2
