"""`factotum message` and `factotum run-bounces`, as people type them."""

from __future__ import annotations

from tests.edge.terminal import Terminal
from tests.support.house import invoice


def delivery_of(factotum: Terminal) -> str:
    return str(factotum.post(invoice()).done().json["deliveries"][0]["id"])


def test_the_shortcodes_are_listed(factotum: Terminal) -> None:
    said = factotum("message", "names").done().out
    assert "{{ customer.name }}" in said and "{{# lines }} … {{/ lines }}" in said
    assert {"name": "document.url", "within": ""}.items() <= {
        **next(one for one in factotum("message", "names", "--json").done().json if one["name"] == "document.url")
    }.items()


def test_a_template_is_previewed_with_the_steps_to_it(factotum: Terminal) -> None:
    delivery_of(factotum)
    said = factotum("message", "preview", "FV-2026-00001", "--template", "new_document").done()
    assert "Subject: Facture FV-2026-00001" in said.out and "Veuillez trouver ci-joint" in said.out
    assert "fr (document), all: → new_document/email/fr/*/*/*" in said.err
    german = ("--language", "de", "--kind", "sms", "--json")
    sms = factotum("message", "preview", "FV-2026-00001", "--template", "new_document", *german).done().json
    assert sms["template"] == "new_document/sms/de/*/*/*" and "vom 2. März 2026" in sms["text"]


def test_a_mail_is_worded_shown_and_told_in_the_audit_log(factotum: Terminal) -> None:
    delivery = delivery_of(factotum)
    words = ("--subject", "Merci", "--text", "Cher {{ customer.name }}", "--to", "a@x.example", "--bcc", "b@x.example")
    edited = factotum("message", "edit", delivery, *words).done().out
    assert "To: a@x.example" in edited and "Bcc: b@x.example" in edited and "Worded by" in edited
    assert "Subject: Merci\n\nCher Épicerie Horizon SARL" in factotum("message", "show", delivery).done().out
    assert factotum("message", "show", delivery, "--json").done().json["recipients"] == ["a@x.example"]
    assert f"delivery {delivery}" in factotum("audit", "--json").done().out
    refused = factotum("message", "edit", delivery, "--text", "{{ customer.nam }}", "--json")
    assert refused.exit == 1 and [one["code"] for one in refused.faults] == ["unknown_shortcode"]
    assert factotum("message", "edit", delivery).exit == 2


def test_what_came_back_is_listed_and_corrected(factotum: Terminal) -> None:
    delivery = delivery_of(factotum)
    assert factotum("run-bounces", "--json").done().json == {"troubles": []}
    assert factotum("message", "bounces", "--json").done().json == []
    old, new = "achats@epicerie-horizon.example", "compta@epicerie-horizon.example"
    early = factotum("message", "correct", delivery, old, new)
    assert early.exit == 1 and "not_sent_yet" in early.err and f"message edit {delivery}" in early.err
    factotum("delivery", "cancel", delivery).done()
    assert f"goes to {new}" in factotum("message", "correct", delivery, old, new).done().out
    shown = factotum("show", "FV-2026-00001").done().out
    assert f"to {new}, for delivery {delivery}: pending" in shown
