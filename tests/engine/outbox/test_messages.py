"""Words of deliveries, twins, and what comes back: on both databases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from engine import flow
from engine.flow.bounces import bounces, correct, run_bounces
from engine.flow.messages import edit_message, message, names, preview
from engine.kernel.faults import Faulty
from engine.outbox.leases import LEASE
from engine.outbox.store import Lease
from engine.spi import AuthExpired, DeliveryEvent, EventKind, Parcel, PluginContext, Receipt, Rejected, TransientError
from engine.spi.host import Plugins
from engine.storage import tables
from tests.support.fakes import Broken, MemoryChannel, MemorySettings, PlainFormat, breaking, fails, takes
from tests.support.house import AT, CUSTOMER, House, invoice, new_house

ANNA, TO = "anna@client.example", "achats@epicerie-horizon.example"
RULES = """
    [[template]]
    code = "hello"
    language = "fr"
    subject = "Facture {{ document.number }}"
    text = "Bonjour {{ customer.name }}"
    reply_to = "reponse@paris.example"
    [[delivery_rule]]
    id = "MORE"
    company = "PARIS"
    channel = "email"
    format = "facturx"
    connection = "DEMO-MAIL"
    template = "hello"
    recipients = ["anna@client.example"]
    copies = ["boss@paris.example"]
    hidden_copies = ["audit@paris.example"]
    attachments = ["plain"]
    postal = "LETTERS"
    [[override]]
    table = "delivery_rule"
    key = "MAIL-FRA/FRA"
    set = { active = false }
    """


class ReportingChannel(MemoryChannel):
    """Tells afterwards what a test lets it tell."""

    def __init__(self, name: str = "email") -> None:
        super().__init__(name)
        self.told: list[DeliveryEvent] = []
        self.trouble: Exception | None = None

    def events(self, settings: MemorySettings, context: PluginContext) -> Iterator[DeliveryEvent]:
        if self.trouble:
            raise self.trouble
        yield from self.told


@pytest.fixture
def office(demo_url: str, tmp_path: Path) -> Iterator[House]:
    """PARIS mails with words, copies and two files; what comes back is told; letters lie in a box."""
    told = ReportingChannel()
    formats = {"facturx": PlainFormat("facturx"), "plain": PlainFormat("plain")}
    with new_house(demo_url, Plugins(formats, {"email": told, "letters": ReportingChannel("letters")})) as house:
        house.channel = told
        house.apply(tmp_path, "OFFICE", RULES, requires=("DEMO",))
        house.connect()
        house.connect("LETTERS", "letters")
        yield house


def reporting(house: House, name: str = "email") -> ReportingChannel:
    channel = house.plugins.channels[name]
    assert isinstance(channel, ReportingChannel)
    return channel


def sent(house: House, **changes: Any) -> int:
    """An invoice that is posted and handed over; its delivery."""
    posted = house.post(invoice(**changes))
    house.relay()
    return int(posted["deliveries"][0]["id"])


def comes_back(
    house: House, delivery: int, to: str = ANNA, kind: EventKind = EventKind.BOUNCED_HARD, id: str = ""
) -> Any:
    row = house.messages.delivery(delivery)
    assert row is not None
    name = id or f"{kind}-{delivery}-{to}"
    told = DeliveryEvent(name, kind, "", row["reference"], to.upper(), "no such user", house.clock.now(), "5.1.1")
    reporting(house).told.append(told)
    return run_bounces(house, house.context)


def codes(refused: pytest.ExceptionInfo[Faulty]) -> list[str]:
    return [one.code for one in refused.value.faults]


# --- words ------------------------------------------------------------------------------------------------------------


def test_a_rule_brings_words_people_and_files(office: House) -> None:
    sent(office)
    (parcel,) = office.channel.parcels
    assert parcel.recipients == (TO, ANNA)
    assert (parcel.copies, parcel.hidden_copies) == (("boss@paris.example",), ("audit@paris.example",))
    assert len(parcel.files) == 2 and parcel.message is not None
    assert parcel.message.subject == "Facture FV-2026-00001"
    assert parcel.message.text == f"Bonjour {CUSTOMER['name']}" and parcel.message.reply_to == "reponse@paris.example"


def test_a_template_that_went_away_makes_it_wait(office: House, tmp_path: Path) -> None:
    office.post(invoice())
    gone = RULES.replace('code = "hello"', 'code = "hello"\n    active = false')
    office.apply(tmp_path, "OFFICE", gone, requires=("DEMO",))
    assert office.relay() == {"retry": 1}
    assert "no template hello for PARIS" in office.row(tables.delivery)["detail"]


def test_words_are_edited_until_they_are_sent(office: House) -> None:
    (delivery,) = (one["id"] for one in office.post(invoice())["deliveries"])
    texts = {"text": "Cher {{ customer.name }}, {{allegati}}"}
    lists = {"recipients": ["x@y.example", "x@y.example"], "hidden_copies": []}
    told = edit_message(office, office.context, delivery, texts, lists)
    assert told["edited_by"] == "clerk" and told["recipients"] == ["x@y.example"]
    assert told["message"]["text"] == f"Cher {CUSTOMER['name']}, {{{{allegati}}}}"
    assert told["message"]["subject"] == "Facture FV-2026-00001" and "html" not in told["message"]
    office.relay()
    (parcel,) = office.channel.parcels
    assert parcel.message is not None and parcel.message.text == told["message"]["text"]
    assert parcel.recipients == ("x@y.example",) and parcel.hidden_copies == ()
    (audited,) = [one for one in flow.audit(office, office.context) if one["action"] == "message"]
    assert audited["subject"] == f"delivery {delivery}" and "recipients" in audited["fields"]
    with pytest.raises(Faulty) as refused:
        edit_message(office, office.context, delivery, {"text": "too late"}, {})
    assert codes(refused) == ["delivery_on_its_way"]
    assert office.verify() == ()


def test_what_is_written_by_hand_is_checked(office: House) -> None:
    (delivery,) = (one["id"] for one in office.post(invoice())["deliveries"])
    with pytest.raises(Faulty) as refused:
        lists = {"recipients": [], "copies": ["a, b"]}
        edit_message(office, office.context, delivery, {"text": "{{ customer.nam }}", "html": "{{"}, lists)
    assert sorted(codes(refused)) == ["bad_recipient", "bad_recipient", "bad_shortcode", "unknown_shortcode"]
    with pytest.raises(Faulty) as unknown:
        message(office, office.context, 999_999)
    assert codes(unknown) == ["no_delivery"]


def test_what_a_customer_is_called_is_no_shortcode_in_edited_words_either(office: House) -> None:
    called = CUSTOMER | {"name": "{{ company.iban }}"}
    (delivery,) = (one["id"] for one in office.post(invoice(customer=called))["deliveries"])
    edit_message(office, office.context, delivery, {"text": "{{ customer.name }}"}, {})
    edit_message(office, office.context, delivery, {"subject": "again"}, {})
    office.relay()
    said = office.channel.parcels[0].message
    assert said is not None and (said.subject, said.text) == ("again", "{{ company.iban }}")


def test_a_preview_tells_how_its_words_were_chosen(office: House) -> None:
    office.post(invoice())
    told = preview(office, office.context, "FV-2026-00001", "hello", language="it")
    assert told["template"] == "hello/email/fr/*/*/*" and told["steps"][0]["language"] == "it"
    assert preview(office, office.context, "FV-2026-00001", "new_document", language="de")["subject"].startswith("F")
    with pytest.raises(Faulty) as refused:
        preview(office, office.context, "FV-2026-00001", "helo")
    assert codes(refused) == ["no_template"] and "'hello'" in refused.value.faults[0].remedy
    assert {"name": "line.net", "within": "lines", "is": "its amount"} in names()


def test_the_page_of_an_order_is_where_its_company_says(office: House, tmp_path: Path) -> None:
    page = 'set = { extra = { document_url = "https://shop.example/{{ document.order }}" } }'
    office.apply(tmp_path, "PAGE", f'[[override]]\ntable = "company"\nkey = "PARIS"\n{page}', requires=("DEMO",))
    office.post(invoice(references=[{"kind": "order", "number": "SO-7", "date": "2026-03-01"}]))
    (delivery,) = (one["id"] for one in office.rows(tables.delivery))
    told = edit_message(office, office.context, delivery, {"text": "{{ document.url }}"}, {})
    assert told["message"]["text"] == "https://shop.example/SO-7"


# --- twins ------------------------------------------------------------------------------------------------------------


def watching(office: House, tmp_path: Path, how: str) -> None:
    change = f'set = {{ duplicates = "{how}", duplicate_days = 10 }}'
    office.apply(tmp_path, "TWINS", f'[[override]]\ntable = "company"\nkey = "PARIS"\n{change}', requires=("DEMO",))


def test_a_document_that_was_posted_twice_is_told_when_it_is_sent(office: House, tmp_path: Path) -> None:
    watching(office, tmp_path, "warn")
    first = sent(office, key="A")
    sent(office, key="B")
    warned = office.rows(tables.delivery)[1]
    assert warned["state"] == "sent" and f"FV-2026-00001, which says the same, by delivery {first}" in warned["detail"]


@pytest.mark.parametrize(
    "other", [{"date": "2026-03-03"}, {"customer": CUSTOMER | {"email": "other@client.example"}}, {"lines": 2}]
)
def test_what_says_something_else_is_no_twin(office: House, tmp_path: Path, other: dict[str, Any]) -> None:
    watching(office, tmp_path, "block")
    sent(office, key="A")
    sent(office, key="B", **other)
    assert [one["state"] for one in office.rows(tables.delivery)] == ["sent", "sent"]


def test_a_twin_is_held_until_a_person_lets_it_go(office: House, tmp_path: Path) -> None:
    watching(office, tmp_path, "block")
    sent(office, key="A")
    office.post(invoice(key="B"))
    assert office.relay() == {"held": 1}
    held = office.rows(tables.delivery)[1]
    assert held["state"] == "pending" and held["held"] and held["tries"] == 0
    assert "FV-2026-00001" in held["detail"] and f"delivery release {held['id']}" in held["detail"]
    assert office.relay() == {}
    office.change(tables.delivery, {"held": False}, id=held["id"])
    assert office.relay() == {"sent": 1}


@pytest.mark.parametrize("first", [0, 1])
def test_of_two_twins_that_are_sent_at_once_one_waits_and_is_held(office: House, tmp_path: Path, first: int) -> None:
    watching(office, tmp_path, "block")
    both = [office.post(invoice(key=key))["deliveries"][0]["id"] for key in "AB"]
    office.change(tables.delivery, {"due_at": office.clock.now() + timedelta(seconds=1)}, id=both[1 - first])

    def sends_meanwhile(parcel: Parcel) -> Receipt:
        office.clock.goes_on(seconds=1)
        assert office.relay() == {"retry": 1}  # another worker, while this one hands over
        return takes(parcel)

    office.channel.behaviour = sends_meanwhile
    assert office.relay() == {"sent": 1}
    waits = office.row(tables.delivery, id=both[1 - first])
    assert f"are just being sent FV-2026-0000{1 + first}" in waits["detail"]
    office.clock.goes_on(minutes=1)
    assert office.relay() == {"held": 1} and len(office.channel.parcels) == 1


def test_a_twin_that_may_have_arrived_holds_the_other(office: House, tmp_path: Path) -> None:
    watching(office, tmp_path, "block")
    first = sent(office, key="A")
    office.change(tables.delivery, {"state": "uncertain", "sent_at": None}, id=first)
    office.post(invoice(key="B"))
    assert office.relay() == {"held": 1}
    assert "may have got FV-2026-00001" in office.rows(tables.delivery)[1]["detail"]


def test_a_twin_is_held_and_noted_together_or_neither(office: House, tmp_path: Path) -> None:
    watching(office, tmp_path, "block")
    sent(office, key="A")
    office.post(invoice(key="B"))
    now = office.clock.now()
    claimed = office.deliveries.claim(("email", "DEMO-MAIL"), now, Lease("here", "mine", now, now + LEASE))
    assert claimed is not None
    for at in range(10):
        with breaking(office.database, at) as state, suppress(Broken):
            office.messages.hold(claimed.row, "held", now)
        if not state.broke:
            break
        assert not office.messages.was_held(claimed.row)
        assert office.rows(tables.delivery)[1]["state"] == "sending"
    assert at > 2 and office.messages.was_held(claimed.row)
    assert office.rows(tables.delivery)[1]["held"] and len(office.channel.parcels) == 1


def test_after_a_while_the_same_content_is_no_twin_any_more(office: House, tmp_path: Path) -> None:
    watching(office, tmp_path, "block")
    sent(office, key="A")
    office.clock.goes_on(days=11)
    sent(office, key="B")
    assert [one["state"] for one in office.rows(tables.delivery)] == ["sent", "sent"]


# --- what comes back --------------------------------------------------------------------------------------------------


def test_what_comes_back_is_taken_once_and_waits_for_an_address(office: House) -> None:
    delivery = sent(office)
    assert comes_back(office, delivery) == ({"reports": 1}, [])
    assert run_bounces(office, office.context) == ({}, [])
    (task,) = bounces(office, office.context)
    assert (task["delivery"], task["recipient"], task["state"]) == (delivery, ANNA, "open")
    new = correct(office, office.context, delivery, ANNA, "right@client.example")
    office.relay()
    assert office.channel.parcels[-1].recipients == ("right@client.example",)
    assert office.channel.parcels[-1].copies == () and bounces(office, office.context) == []
    (settled,) = bounces(office, office.context, every=True)
    assert (settled["state"], settled["next"]) == ("corrected", new)
    with pytest.raises(Faulty) as twice:
        correct(office, office.context, delivery, ANNA, "other@client.example")
    assert codes(twice) == ["corrected_before"]
    (audited,) = [one for one in flow.audit(office, office.context) if one["action"] == "correct"]
    assert audited["detail"] == {"delivery": new, "from": ANNA, "to": "right@client.example"}


def test_an_address_is_corrected_by_another_one(office: House) -> None:
    delivery = sent(office)
    for old, new, code in ((ANNA, "nobody", "bad_recipient"), ("ann@client.example", "a@b.example", "not_a_recipient")):
        with pytest.raises(Faulty) as refused:
            correct(office, office.context, delivery, old, new)
        assert codes(refused) == [code]
    assert len(office.rows(tables.delivery)) == 1


@pytest.mark.parametrize(
    ("state", "remedy"),
    [("pending", "message edit"), ("retry", "message edit"), ("sending", "wait"), ("uncertain", "delivery resolve")],
)
def test_what_may_still_get_there_is_not_corrected(office: House, state: str, remedy: str) -> None:
    (delivery,) = (one["id"] for one in office.post(invoice())["deliveries"])
    office.change(tables.delivery, {"state": state}, id=delivery)
    with pytest.raises(Faulty) as refused:
        correct(office, office.context, delivery, ANNA, "right@client.example")
    assert codes(refused) == ["not_sent_yet"] and remedy in refused.value.faults[0].remedy
    assert len(office.rows(tables.delivery)) == 1 and bounces(office, office.context, every=True) == []


def test_who_was_refused_is_corrected_while_the_others_wait(office: House) -> None:
    office.channel.behaviour = lambda parcel: Receipt("", refused={ANNA: "550 no"}, later=dict.fromkeys((TO,), "451"))
    office.change(
        tables.delivery, {"copies": "[]", "hidden_copies": "[]"}, id=office.post(invoice())["deliveries"][0]["id"]
    )
    office.relay()
    run_bounces(office, office.context)
    (row,) = office.rows(tables.delivery)
    assert row["state"] == "retry"
    correct(office, office.context, row["id"], ANNA, "right@client.example")
    assert json.loads(office.rows(tables.delivery)[1]["recipients"]) == ["right@client.example"]


def test_an_address_without_a_report_is_corrected_once_too(office: House) -> None:
    delivery = sent(office)
    correct(office, office.context, delivery, ANNA, "right@client.example")
    with pytest.raises(Faulty) as twice:
        correct(office, office.context, delivery, ANNA, "right@client.example")
    assert codes(twice) == ["corrected_before"] and len(office.rows(tables.delivery)) == 2
    comes_back(office, delivery)  # a report that comes late tells nothing new
    assert bounces(office, office.context) == []


def test_a_letter_that_may_be_in_the_post_is_not_withdrawn(office: House) -> None:
    delivery = sent(office)
    comes_back(office, delivery)
    office.clock.goes_on(days=6)
    run_bounces(office, office.context)
    now = office.clock.now()
    lease = Lease("elsewhere", "dead", now, now + LEASE)
    assert office.deliveries.claim(("letters", "LETTERS"), now, lease) is not None  # handed over; then its sender dies
    letter = office.rows(tables.delivery)[1]["id"]
    office.deliveries.free(letter, "dead", now, "its sender died")
    comes_back(office, delivery, kind=EventKind.DELIVERED)
    assert [one["state"] for one in bounces(office, office.context, every=True)] == ["posted"]
    correct(office, office.context, delivery, ANNA, "right@client.example")
    assert [one["state"] for one in office.rows(tables.delivery)] == ["sent", "retry", "pending"]


def test_soft_bounces_are_sent_again_twice_before_an_address_is_asked_for(office: House) -> None:
    delivery = sent(office)
    for _ in range(2):
        comes_back(office, delivery, kind=EventKind.BOUNCED_SOFT)
        assert bounces(office, office.context) == [] and office.relay() == {}
        office.clock.goes_on(hours=4)
        office.relay()
        delivery = office.rows(tables.delivery)[-1]["id"]
        assert office.channel.parcels[-1].recipients == (ANNA,)
        office.change(tables.delivery, {"reference": f"again-{delivery}"}, id=delivery)
    comes_back(office, delivery, kind=EventKind.BOUNCED_SOFT)
    (task,) = bounces(office, office.context)
    assert task["delivery"] == delivery and len(office.rows(tables.delivery)) == 3


def test_two_soft_bounces_of_one_mail_send_it_again_once(office: House) -> None:
    delivery = sent(office)
    comes_back(office, delivery, kind=EventKind.BOUNCED_SOFT, id="first")
    comes_back(office, delivery, kind=EventKind.BOUNCED_SOFT, id="second")
    assert [json.loads(one["recipients"]) for one in office.rows(tables.delivery)[1:]] == [[ANNA]]
    comes_back(office, delivery, TO, EventKind.BOUNCED_SOFT)
    assert [json.loads(one["recipients"]) for one in office.rows(tables.delivery)[1:]] == [[ANNA], [TO]]


@pytest.mark.parametrize("known", [EventKind.DELIVERED, EventKind.BOUNCED_HARD])
def test_nothing_is_sent_again_to_whom_it_reached_or_who_has_a_task(office: House, known: EventKind) -> None:
    delivery = sent(office)
    comes_back(office, delivery, kind=known)
    comes_back(office, delivery, kind=EventKind.BOUNCED_SOFT)
    assert len(office.rows(tables.delivery)) == 1


@pytest.mark.parametrize("kind", [EventKind.DEFERRED, EventKind.SENT, EventKind.OPENED, EventKind.DELIVERED])
def test_what_is_no_failure_is_noted_only(office: House, kind: EventKind) -> None:
    delivery = sent(office)
    comes_back(office, delivery, kind=kind)
    assert [one["kind"] for one in message(office, office.context, delivery)["events"]] == [kind.value]
    assert bounces(office, office.context, every=True) == [] and len(office.rows(tables.delivery)) == 1


def test_a_copy_that_comes_back_is_told_and_left(office: House) -> None:
    delivery = sent(office)
    comes_back(office, delivery, "boss@paris.example")
    (task,) = bounces(office, office.context, every=True)
    assert (task["recipient"], task["state"]) == ("boss@paris.example", "left")


def test_who_is_refused_at_once_has_a_task_too(office: House) -> None:
    office.channel.behaviour = lambda parcel: Receipt("r", refused={ANNA: "550 5.1.1 no such user"})
    delivery = sent(office)
    run_bounces(office, office.context)
    (task,) = bounces(office, office.context)
    assert (task["delivery"], task["recipient"], task["detail"]) == (delivery, ANNA, "550 5.1.1 no such user")


def test_who_is_refused_has_the_task_and_not_who_gets_it_later(office: House) -> None:
    copy = "boss@paris.example"
    office.channel.behaviour = lambda parcel: Receipt(
        "", refused={ANNA: "550 no such user", copy: "550 no"}, later=dict.fromkeys((TO, "audit@paris.example"), "451")
    )
    delivery = sent(office)
    run_bounces(office, office.context)
    office.channel.behaviour = takes
    office.clock.goes_on(minutes=5)
    office.relay()
    run_bounces(office, office.context)
    tasks = bounces(office, office.context, every=True)
    assert sorted((one["recipient"], one["state"]) for one in tasks) == [(ANNA, "open"), (copy, "left")]
    assert office.messages.refusals() == []
    assert office.row(tables.delivery)["state"] == "sent" and tasks[0]["delivery"] == delivery


def test_a_copy_that_was_written_to_later_is_still_a_copy(office: House) -> None:
    office.channel.behaviour = lambda parcel: Receipt("r", later={"boss@paris.example": "451 greylisted"})
    sent(office)
    office.channel.behaviour = takes
    office.clock.goes_on(minutes=5)
    office.relay()
    comes_back(office, office.rows(tables.delivery)[1]["id"], "boss@paris.example")
    (task,) = bounces(office, office.context, every=True)
    assert (task["recipient"], task["state"]) == ("boss@paris.example", "left")


def test_whom_a_report_names_that_nobody_wrote_to_is_sent_nothing(office: House) -> None:
    delivery = sent(office)
    comes_back(office, delivery, "stranger@evil.example", EventKind.BOUNCED_SOFT)
    assert len(office.rows(tables.delivery)) == 1 and bounces(office, office.context, every=True) == []


def test_what_was_rejected_whole_is_sent_again_to_all(office: House) -> None:
    office.channel.behaviour = lambda parcel: Receipt("", refused=dict.fromkeys(
        (*parcel.recipients, *parcel.copies, *parcel.hidden_copies), "550 no"
    ))  # fmt: skip
    delivery = sent(office)
    assert office.row(tables.delivery)["state"] == "rejected"
    correct(office, office.context, delivery, ANNA, "right@client.example")
    assert json.loads(office.rows(tables.delivery)[1]["recipients"]) == [TO, "right@client.example"]


def test_after_the_deadline_a_letter_takes_its_place_once(office: House) -> None:
    delivery = sent(office)
    comes_back(office, delivery)
    office.clock.goes_on(days=6)
    other = office.beside()
    assert run_bounces(office, office.context) == ({"letters": 1}, [])
    assert run_bounces(other, office.context) == ({}, [])
    other.close()
    letter = office.rows(tables.delivery)[1]
    assert (letter["channel"], letter["connection"], letter["resent_of"]) == ("letters", "LETTERS", delivery)
    correct(office, office.context, delivery, ANNA, "right@client.example")
    assert [one["state"] for one in office.rows(tables.delivery)] == ["sent", "cancelled", "pending"]


def test_a_letter_that_comes_back_is_not_posted_again(office: House) -> None:
    delivery = sent(office)
    comes_back(office, delivery)
    office.clock.goes_on(days=6)
    run_bounces(office, office.context)
    office.relay()
    letter = office.rows(tables.delivery)[1]
    told = DeliveryEvent("back", EventKind.RETURNED, "", letter["reference"], "", "moved away", office.clock.now())
    reporting(office, "letters").told.append(told)
    assert run_bounces(office, office.context) == ({"reports": 1}, [])
    office.clock.goes_on(days=6)
    done, (why,) = run_bounces(office, office.context)
    assert done == {"left": 1} and "it was a letter" in why
    office.clock.goes_on(days=60)
    assert run_bounces(office, office.context) == ({}, []) and len(office.rows(tables.delivery)) == 2


def test_a_letter_that_is_refused_asks_for_an_address_again(office: House) -> None:
    delivery = sent(office)
    comes_back(office, delivery)
    office.clock.goes_on(days=6)
    run_bounces(office, office.context)
    reporting(office, "letters").behaviour = fails(Rejected("a line is too long for the window"))
    office.relay()
    done, (why,) = run_bounces(office, office.context)
    assert done == {"reopened": 1} and "rejected: a line is too long" in why
    (task,) = bounces(office, office.context)
    assert (task["delivery"], task["recipient"], task["next"]) == (delivery, ANNA, None)
    assert run_bounces(office, office.context) == ({}, [])
    office.clock.goes_on(days=6)
    done, (why,) = run_bounces(office, office.context)
    assert done == {"left": 1} and "it is rejected" in why
    assert run_bounces(office, office.context) == ({}, []) and len(office.rows(tables.delivery)) == 2


def test_what_was_corrected_and_failed_is_corrected_once_more(office: House) -> None:
    delivery = sent(office)
    comes_back(office, delivery)
    correct(office, office.context, delivery, ANNA, "wrong@client.example")
    office.channel.behaviour = fails(Rejected("5.7.1 not with us"))
    office.relay()
    assert run_bounces(office, office.context)[0] == {"reopened": 1}
    correct(office, office.context, delivery, ANNA, "right@client.example")
    assert bounces(office, office.context) == []


def test_two_addresses_of_one_document_that_are_wrong_make_one_letter(office: House) -> None:
    delivery = sent(office)
    comes_back(office, delivery)
    comes_back(office, delivery, TO)
    office.clock.goes_on(days=6)
    done, (why,) = run_bounces(office, office.context)
    letter = office.rows(tables.delivery)[1]["id"]
    assert done == {"letters": 1, "left": 1} and f"delivery {letter} is a letter of the same document" in why


def test_without_a_connection_for_letters_it_is_left_and_said(office: House, tmp_path: Path) -> None:
    office.apply(tmp_path, "OFFICE", RULES.replace('postal = "LETTERS"', ""), requires=("DEMO",))
    delivery = sent(office)
    comes_back(office, delivery)
    office.clock.goes_on(days=6)
    done, troubles = run_bounces(office, office.context)
    assert done == {"left": 1} and "names no connection for letters" in troubles[0]
    correct(office, office.context, delivery, ANNA, "right@client.example")


def test_a_mailbox_that_cannot_be_read_is_said_and_a_login_that_is_refused_stops_the_connection(office: House) -> None:
    reporting(office).trouble = TransientError("not now")
    assert run_bounces(office, office.context) == ({}, ["DEMO-MAIL: not now"])
    reporting(office).trouble = ZeroDivisionError("bug")
    assert "plugin fault: ZeroDivisionError" in run_bounces(office, office.context)[1][0]
    reporting(office).trouble = AuthExpired("535 no")
    assert run_bounces(office, office.context) == ({}, ["DEMO-MAIL: 535 no"])
    assert run_bounces(office, office.context) == ({}, [])


def test_a_connection_that_cannot_be_opened_keeps_no_other_from_being_read(office: House) -> None:
    delivery = sent(office)
    office.connect("A-BROKEN", "email", box="in")
    office.connect("B-BROKEN", "email", box="in")
    office.change(tables.connection, {"settings": '{"box": "in", "weight": "hunter2"}'}, code="A-BROKEN")
    spoiled = {"connection": "B-BROKEN", "field": "box", "key_id": "none", "sealed": "AAAA", "changed_at": AT}
    with office.database.write() as connection:
        connection.execute(insert(tables.secret), spoiled)
    done, (first, second) = comes_back(office, delivery)
    assert done == {"reports": 1}
    assert (
        first.startswith("A-BROKEN: connection A-BROKEN is not well configured")
        and "weight: " in first
        and "hunter2" not in first
    )
    assert second.startswith("B-BROKEN: ") and "none" in second


def test_a_report_that_names_the_key_only_is_taken(office: House) -> None:
    office.channel.behaviour = lambda parcel: Receipt("job-17")
    delivery = sent(office)
    key = office.channel.parcels[0].key
    told = DeliveryEvent("1", EventKind.BOUNCED_HARD, key.upper(), "", ANNA, "no such user", office.clock.now())
    reporting(office).told.append(told)
    assert run_bounces(office, office.context) == ({"reports": 1}, [])
    assert [one["delivery"] for one in bounces(office, office.context)] == [delivery]


def test_a_report_is_about_what_its_own_connection_sent(office: House) -> None:
    delivery = sent(office)
    office.connect("OTHER", "email", box="in")
    other = office.messages.repeated(office.row(tables.delivery), office.clock.now(), connection="OTHER")
    with office.database.write() as connection:
        connection.execute(insert(tables.delivery), other)
    office.relay()  # both are called the same at the other side
    assert office.messages.named("OTHER", "", "ref-FV-2026-00001") == office.messages.delivery(other["id"])
    assert office.messages.named("DEMO-MAIL", "", "ref-FV-2026-00001") == office.messages.delivery(delivery)
    assert office.messages.named("OTHER", office.row(tables.delivery, id=delivery)["key"], "") is None


def test_reports_about_what_was_never_sent_from_here_are_counted(office: House) -> None:
    sent(office)
    at = office.clock.now() - timedelta(days=1)
    reporting(office).told.append(DeliveryEvent("1", EventKind.BOUNCED_HARD, "k", "<x@y>", ANNA, "no", at))
    assert run_bounces(office, office.context)[1] == ["DEMO-MAIL: 1 report is about nothing that was sent from here"]
