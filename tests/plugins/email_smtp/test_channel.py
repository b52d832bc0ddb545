"""Deliveries to real servers on this machine, good and bad."""

from __future__ import annotations

import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.edge.cli.mailbox import Mailbox
from engine.spi import (
    AuthExpired,
    ConfigError,
    DeliveryPolicy,
    Message,
    OutcomeUnknown,
    PluginError,
    Rejected,
    StepState,
    TryLater,
)
from engine.spi.host import register
from engine.spi.net import GuardedNetwork
from plugins.email_smtp import plugin
from plugins.email_smtp.client import EmailChannel
from tests.plugins.email_smtp.builders import HERE, PARTNER, PDF, connection, document, parcel
from tests.support.fakes import plugin_context
from tests.support.mailbox import (
    DISCONNECT,
    HANG,
    RESET,
    RefusingMailbox,
    closed_port,
    scripted,
    silent,
)
from tests.support.patience import patiently
from tests.support.web import proof

SHORT = 0.4  # seconds; the servers of these tests would otherwise never answer
THREE = ("anna@client.example", "bob@client.example", "carla@client.example")
channel = EmailChannel()


def late(port: int, **changes: Any) -> str:
    """Why it is to be tried later."""
    with pytest.raises(TryLater) as raised:
        channel.deliver(parcel(connection(port, **changes), recipients=THREE), HERE)
    return raised.value.reason


def rejected(port: int, **changes: Any) -> Rejected:
    with pytest.raises(Rejected) as raised:
        channel.deliver(parcel(connection(port, **changes), recipients=THREE), HERE)
    return raised.value


def test_the_plugin_offers_the_channel() -> None:
    offered = register([("email_smtp", plugin)]).channels["email"]
    assert offered.policy_of(connection()) is DeliveryPolicy.AT_LEAST_ONCE
    assert offered.settings_model.model_validate(connection().model_dump()) == connection()


def test_recipients_are_the_partners_addresses() -> None:
    several = document(partner=replace(PARTNER, email="a@x.it; b@x.it"))
    assert channel.recipients(several) == ("a@x.it", "b@x.it")
    assert channel.recipients(document()) == ("anna@client.example",)


def test_a_mail_arrives_whole(tmp_path: Path) -> None:
    with Mailbox(tmp_path) as mailbox:
        receipt = channel.deliver(
            parcel(connection(mailbox.port), recipients=THREE), plugin_context(datetime(2026, 3, 1, 9, 30, tzinfo=UTC))
        )
    (mail,) = mailbox.messages
    assert mail["Date"] == "Sun, 01 Mar 2026 09:30:00 +0000"
    assert mail["Delivered-To"] == ", ".join(THREE)
    assert mail["Return-Path"] == "<invoices@acme.example>"
    assert [attached.get_content() for attached in mail.iter_attachments()] == [PDF.content]
    assert receipt.reference == mail["Message-ID"]
    assert receipt.detail == "250 2.0.0 kept"


def test_a_second_hand_over_makes_a_twin_with_the_same_message_id(tmp_path: Path) -> None:
    with Mailbox(tmp_path) as mailbox:
        first, second = (channel.deliver(parcel(connection(mailbox.port)), HERE) for _ in range(2))
    assert first.reference == second.reference
    assert {mail["Message-ID"] for mail in mailbox.messages} == {first.reference} and len(mailbox.messages) == 2


def test_many_threads_send_each_its_own_mail(tmp_path: Path) -> None:
    with Mailbox(tmp_path) as mailbox, ThreadPoolExecutor(8) as threads:
        settings = connection(mailbox.port)
        numbers = [f"FV-2026-{number:05}" for number in range(24)]
        sent = [parcel(settings, key=number, document=document(number=number)) for number in numbers]
        receipts = list(threads.map(lambda one: channel.deliver(one, HERE), sent))
    assert [receipt.reference for receipt in receipts] == [f"<{number}@acme.example>" for number in numbers]
    assert sorted(mail["Message-ID"] for mail in mailbox.messages) == [f"<{number}@acme.example>" for number in numbers]


def test_one_refused_for_good_is_named_and_the_others_get_it(tmp_path: Path) -> None:
    with RefusingMailbox(tmp_path, recipients={"bob@client.example": "550 5.1.1 no such user"}) as mailbox:
        receipt = channel.deliver(
            parcel(connection(mailbox.port), recipients=(*THREE, "not-an-address")), plugin_context()
        )
    assert mailbox.messages[0]["Delivered-To"] == "anna@client.example, carla@client.example"
    assert receipt.detail == "250 2.0.0 Ok: queued as 4XyZ"
    assert receipt.refused == {
        "not-an-address": "not an e-mail address", "bob@client.example": "550 5.1.1 no such user"
    }  # fmt: skip


def test_when_all_are_refused_for_good_each_is_told_why_and_no_copy_goes_out(tmp_path: Path) -> None:
    upper = ("Anna@Client.example", *THREE[1:])
    with RefusingMailbox(tmp_path, recipients=dict.fromkeys((*THREE, *upper), "550 5.1.1 no such user")) as mailbox:
        to = parcel(connection(mailbox.port), recipients=(*upper, "anna@client.example"), copies=("boss@acme.example",))
        receipt = channel.deliver(to, HERE)
    assert receipt.refused == dict.fromkeys((*upper, "anna@client.example"), "550 5.1.1 no such user") | {
        "boss@acme.example": "nothing was sent: no recipient was accepted"
    }
    assert mailbox.messages == ()


def test_one_who_comes_later_does_not_hold_up_the_others(tmp_path: Path) -> None:
    answers = {"bob@client.example": "451 4.7.1 greylisted", "carla@client.example": "550 5.1.1 no such user"}
    with RefusingMailbox(tmp_path, recipients=answers) as mailbox:
        receipt = channel.deliver(parcel(connection(mailbox.port), recipients=THREE), HERE)
    assert mailbox.messages[0]["Delivered-To"] == "anna@client.example"
    assert receipt.later == {"bob@client.example": "451 4.7.1 greylisted"}
    assert receipt.refused == {"carla@client.example": "550 5.1.1 no such user"}


def test_when_nobody_is_taken_now_all_come_later_and_no_copy_goes_out(tmp_path: Path) -> None:
    answers = dict.fromkeys(THREE, "550 5.1.1 no such user") | {"bob@client.example": "451 4.7.1 greylisted"}
    with RefusingMailbox(tmp_path, recipients=answers) as mailbox:
        to = parcel(connection(mailbox.port), recipients=THREE, copies=("boss@acme.example",))
        receipt = channel.deliver(to, HERE)
    assert receipt.later == {
        "bob@client.example": "451 4.7.1 greylisted",
        "boss@acme.example": "nothing was sent: no recipient was accepted",
    }
    assert {*receipt.refused} == {"anna@client.example", "carla@client.example"} and mailbox.messages == ()


@pytest.mark.parametrize("where", ["sender", "data", "kept"])
def test_a_5xx_is_a_rejection_and_a_4xx_is_not(tmp_path: Path, where: str) -> None:
    refusals: dict[str, Any] = {where: "554 5.7.1 we do not want this"}
    with RefusingMailbox(tmp_path, **refusals) as mailbox:
        error = rejected(mailbox.port)
    assert "554 5.7.1 we do not want this" in error.reason and error.details == {"code": "554"}
    delays: dict[str, Any] = {where: "451 4.3.0 disk full"}
    with RefusingMailbox(tmp_path, **delays) as mailbox:
        assert "451 4.3.0 disk full" in late(mailbox.port)


@pytest.mark.parametrize("how", [DISCONNECT, RESET, HANG, "421 4.3.2 going down"])
@pytest.mark.parametrize("where", ["sender", "recipients"])
def test_a_conversation_that_breaks_off_is_tried_later(tmp_path: Path, where: str, how: str) -> None:
    broken: dict[str, Any] = {where: {"bob@client.example": how} if where == "recipients" else how}
    with RefusingMailbox(tmp_path, **broken) as mailbox:
        reason = late(mailbox.port, timeout=SHORT if how == HANG else 40)
    assert (f"was not done within {SHORT} s" in reason) == (how == HANG)
    assert mailbox.messages == ()


@pytest.mark.parametrize("how", [DISCONNECT, RESET, HANG])
@pytest.mark.parametrize("where", ["data", "kept"])
def test_once_the_message_is_on_its_way_nobody_knows(tmp_path: Path, where: str, how: str) -> None:
    broken: dict[str, Any] = {where: how}

    def broke_off(seconds: float) -> tuple[type[PluginError], bool, bool, int]:
        with RefusingMailbox(tmp_path / f"{seconds}", **broken) as mailbox, pytest.raises(PluginError) as raised:
            channel.deliver(parcel(connection(mailbox.port, timeout=seconds)), HERE)
        reason = raised.value.reason
        told = f"was not done within {seconds:g} s" in reason, reason.endswith("it may have taken the message")
        return raised.type, *told, len(mailbox.messages)

    wanted = OutcomeUnknown, how == HANG, True, int(where == "kept")
    assert patiently(broke_off, wanted) == wanted


@pytest.mark.parametrize("where", ["data", "kept"])
def test_a_server_that_goes_down_says_so(tmp_path: Path, where: str) -> None:
    broken: dict[str, Any] = {where: "421 4.3.2 going down"}
    with RefusingMailbox(tmp_path, **broken) as mailbox:
        assert "421 4.3.2 going down" in late(mailbox.port)


@pytest.mark.parametrize("how", [DISCONNECT, RESET, HANG, "421 4.3.2 going down", "554 no"])
def test_what_was_taken_stays_taken_however_the_server_says_good_bye(tmp_path: Path, how: str) -> None:
    def taken(seconds: float) -> bool:
        with RefusingMailbox(tmp_path / f"{seconds}", quit=how) as mailbox:
            try:
                channel.deliver(parcel(connection(mailbox.port, timeout=seconds)), HERE)
            except TryLater:  # the time-out was too short for what comes before
                return False
        return len(mailbox.messages) == 1

    assert patiently(taken, True)


def test_nobody_to_send_to_is_a_rejection_and_no_connection() -> None:
    for recipients in ((), ("anna", "b@x.it\r\nDATA")):
        with pytest.raises(Rejected, match="no recipient with an e-mail address"):
            channel.deliver(parcel(connection(closed_port()), recipients=recipients), HERE)


def test_a_server_that_is_not_there_is_tried_later() -> None:
    assert "cannot be talked to" in late(closed_port())
    assert "is unknown" in late(25, host="no-such-host.invalid")


def test_a_server_in_a_network_that_is_not_allowed_is_not_connected_to() -> None:
    nowhere = replace(HERE, network=GuardedNetwork())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        port = listener.getsockname()[1]
        with pytest.raises(ConfigError, match="no public address"):
            channel.deliver(parcel(connection(port)), nowhere)
        (step,) = channel.test(connection(port, starttls="none"), nowhere).steps
        assert step.state is StepState.FAIL and "no public address" in step.words
        with pytest.raises(ConfigError, match="no public address"):
            list(channel.events(connection(imap_host="127.0.0.1", imap_port=port), nowhere))
        with pytest.raises(BlockingIOError):  # nobody has come
            listener.accept()


def test_a_silent_server_is_tried_later() -> None:
    with silent() as port:
        assert "was not done within 0.4 s" in late(port, timeout=SHORT)


def test_a_server_that_drips_is_cut_off_as_a_whole() -> None:
    with scripted(endlessly="220-please wait") as port:
        assert "was not done within 0.4 s" in late(port, timeout=SHORT)
    with scripted("220 hello", "250 erp", "250-go", endlessly="250-on") as port:
        assert "was not done within 0.4 s" in late(port, timeout=SHORT)


@pytest.mark.parametrize(
    "replies",
    [
        ("421 4.3.2 too busy",),
        ("HTTP/1.1 400 Bad Request",),
        ("\xff\xfe\x00",),
        ("220 hello", "421 no", "421 no"),
        ("220 hello", "garbage", "garbage"),
        ("220 hello", "250 erp", "garbage"),
        ("220 hello", "250 erp", "250 sender", "garbage"),
        ("220 hello", "250 erp", "250 sender", "354 what"),
        ("220 hello", "250 erp", "250 sender", "250 anna", "250 bob", "250 carla", "garbage"),
        ("220 hello", "250 erp", "250 sender", "250 anna", "250 bob", "250 carla", "250 not 354"),
        ("220 hello",),
        ("220-half",),
    ],
)
def test_nonsense_is_tried_later(replies: tuple[str, ...]) -> None:
    with scripted(*replies) as port:
        assert late(port).startswith(("127.0.0.1:", "the server takes", "the server broke off"))


@pytest.mark.parametrize(
    ("replies", "step"),
    [
        (("554 5.7.1 you are on a list",), "the connection"),
        (("220 hello", "550 no", "550 5.7.1 you are on a list"), "our greeting"),
        (("220 hello", "250 erp", "550 5.7.1 you are on a list"), "the sender"),
    ],
)
def test_a_server_that_wants_nothing_from_us_is_a_rejection(replies: tuple[str, ...], step: str) -> None:
    with scripted(*replies) as port:
        assert rejected(port).reason == f"127.0.0.1:{port} refused {step}: {replies[-1]}"


def test_an_old_server_without_ehlo_will_do() -> None:
    welcome = ("220 hello", "502 what", "250 erp", "250 sender", "250 anna")
    with scripted(*welcome, "354 go", *["250 \xe9\x1b[31m taken"] * 400) as port:
        receipt = channel.deliver(parcel(connection(port)), HERE)
    assert receipt.detail == "250 \ufffd [31m taken"


def test_required_tls_that_is_not_offered_is_a_rejection_and_nothing_is_sent(tmp_path: Path) -> None:
    with Mailbox(tmp_path) as mailbox:
        error = rejected(mailbox.port, starttls="required")
    assert "offers no STARTTLS" in error.reason and mailbox.messages == ()


@pytest.mark.parametrize(("answer", "kind"), [("454 4.7.0 not now", TryLater), ("501 5.5.4 no", Rejected)])
def test_tls_offered_and_refused_follows_the_code(answer: str, kind: type[Exception]) -> None:
    with scripted("220 hello", "250-erp\r\n250 STARTTLS", answer) as port, pytest.raises(kind, match=answer[:9]):
        channel.deliver(parcel(connection(port, starttls="required")), HERE)


def test_a_handshake_that_fails_is_tried_later() -> None:
    with scripted("220 hello", "250-erp\r\n250 STARTTLS", "220 go on", endlessly="this is no TLS") as port:
        assert "cannot be talked to" in late(port, starttls="required")


@pytest.fixture
def contexts(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    made = proof(tmp_path)
    return made.server, made.client


def test_with_tls_a_server_that_proves_its_name_gets_the_mail(
    tmp_path: Path, contexts: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    server, client = contexts
    with RefusingMailbox(tmp_path, tls=server) as mailbox:
        EmailChannel(tls=lambda: client).deliver(
            parcel(connection(mailbox.port, starttls="required")), plugin_context()
        )
    assert len(mailbox.messages) == 1


def test_with_tls_a_server_that_does_not_gets_nothing(
    tmp_path: Path, contexts: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    server, client = contexts
    with RefusingMailbox(tmp_path, tls=server) as mailbox:
        assert "did not prove its name: self-signed certificate" in late(mailbox.port, starttls="required")
        with pytest.raises(TryLater, match="did not prove its name"):  # trusted, but for another name
            settings = connection(mailbox.port, host="localhost", starttls="required")
            EmailChannel(tls=lambda: client).deliver(parcel(settings), HERE)
    assert mailbox.messages == ()


# --- logging in -------------------------------------------------------------------------------------------------------

Contexts = tuple[ssl.SSLContext, ssl.SSLContext]
LOGIN = {"user": "erp", "password": "s3cret"}


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
@pytest.mark.parametrize("implicit", [False, True])
def test_a_server_that_wants_a_login_gets_it_over_tls(tmp_path: Path, contexts: Contexts, implicit: bool) -> None:
    server, client = contexts
    ways = {"implicit_tls": True} if implicit else {"starttls": "required"}
    with RefusingMailbox(tmp_path / "in", tls=server, implicit=implicit, login=("erp", "s3cret")) as mailbox:
        known = EmailChannel(tls=lambda: client)
        known.deliver(parcel(connection(mailbox.port, **ways, **LOGIN)), HERE)
        with pytest.raises(AuthExpired, match="535"):
            known.deliver(parcel(connection(mailbox.port, **ways, user="erp", password="wrong")), HERE)
        with pytest.raises(AuthExpired, match="530"):
            known.deliver(parcel(connection(mailbox.port, **ways)), HERE)
        steps = known.test(connection(mailbox.port, **ways, user="erp", password="wrong"), HERE).steps
    assert len(mailbox.messages) == 1
    assert [(one.name, one.code) for one in steps] == [("login", "bad_secret")] and "wrong" not in steps[0].words


def test_a_login_that_the_server_does_not_ask_for_is_a_setting_to_mend(tmp_path: Path, contexts: Contexts) -> None:
    server, client = contexts
    with RefusingMailbox(tmp_path / "in", tls=server) as mailbox, pytest.raises(ConfigError, match="no login"):
        mailbox.options = {**mailbox.options, "auth_exclude_mechanism": ["LOGIN", "PLAIN"]}
        settings = connection(mailbox.port, starttls="required", **LOGIN)
        EmailChannel(tls=lambda: client).deliver(parcel(settings), HERE)
    assert mailbox.messages == ()


@pytest.mark.parametrize(("answer", "kind"), [("454 4.7.0 not now", TryLater), ("535 5.7.8 no", AuthExpired)])
def test_what_the_server_says_of_a_login_decides(contexts: Contexts, answer: str, kind: type[Exception]) -> None:
    """Said to the sender's name, where servers refuse who is not logged in."""
    with scripted("220 hello", "250 erp", answer) as port, pytest.raises(kind, match=answer[:9]):
        channel.deliver(parcel(connection(port)), HERE)


# --- what a parcel brings --------------------------------------------------------------------------------------------


def test_copies_get_it_too_and_hidden_ones_are_in_no_header(tmp_path: Path) -> None:
    copies, hidden = ("boss@acme.example", "anna@client.example"), ("audit@acme.example",)
    with Mailbox(tmp_path) as mailbox:
        channel.deliver(parcel(connection(mailbox.port), copies=copies, hidden_copies=hidden), HERE)
    (mail,) = mailbox.messages
    assert mail["Delivered-To"] == "anna@client.example, boss@acme.example, audit@acme.example"
    assert mail["To"] == "anna@client.example" and mail["Cc"] == "boss@acme.example, anna@client.example"
    del mail["Delivered-To"]
    assert "audit@acme.example" not in mail.as_string()


def test_the_words_of_the_parcel_are_sent_as_they_are(tmp_path: Path) -> None:
    words = Message(
        "Cher {{ client }},\n.\nvoici.", "Votre facture\r\nBcc: x@y.example", "<p>Voilà</p>", "Compta, Acmé",
        "compta@acme.example", "reponse@acme.example",
    )  # fmt: skip
    second = replace(PDF, name="FV-2026-00007.xml", media_type="application/xml", content=b"<a/>")
    with Mailbox(tmp_path) as mailbox:
        channel.deliver(parcel(connection(mailbox.port), message=words, files=(PDF, second, PDF)), HERE)
    (mail,) = mailbox.messages
    text, html = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None and text.get_content().replace("\r\n", "\n") == "Cher {{ client }},\n.\nvoici.\n"
    assert html is not None and "<p>Voilà</p>" in html.get_content()
    assert mail["Subject"] == "Votre facture Bcc: x@y.example" and mail["Bcc"] is None
    assert mail["From"].addresses[0].display_name == "Compta, Acmé"
    assert mail["From"].addresses[0].addr_spec == "compta@acme.example" and mail["Reply-To"] == "reponse@acme.example"
    assert mail["Return-Path"] == "<invoices@acme.example>"
    names = [one.get_filename() for one in mail.iter_attachments()]
    assert names == ["FV-2026-00007.pdf", "FV-2026-00007.xml", "FV-2026-00007-2.pdf"]


@pytest.mark.parametrize("field", ["sender_address", "reply_to"])
def test_a_message_from_no_address_is_a_rejection(field: str) -> None:
    with pytest.raises(Rejected, match="is no e-mail address"):
        channel.deliver(parcel(message=Message("text", **{field: "nobody\r\nBcc: x@y.example"})), HERE)


def test_mail_that_comes_back_finds_its_way_by_the_mark_in_the_envelope(tmp_path: Path) -> None:
    with Mailbox(tmp_path) as mailbox:
        channel.deliver(parcel(connection(mailbox.port, bounce_address="bounce@acme.example")), HERE)
    assert mailbox.messages[0]["Return-Path"] == f"<bounce+{parcel().key}@acme.example>"


def test_a_server_that_reports_is_asked_for_reports() -> None:
    heard: list[str] = []
    replies = ("220 hello", "250-erp\r\n250-DSN\r\n250 SIZE", "250 sender", "250 anna", "354 go", *["250 taken"] * 400)
    with scripted(*replies, heard=heard) as port:
        channel.deliver(parcel(connection(port)), HERE)
    assert heard[1].startswith("mail FROM:<invoices@acme.example> SIZE=")
    assert heard[1].endswith(f" RET=HDRS ENVID={parcel().key}")
    assert heard[2] == "rcpt TO:<anna@client.example> NOTIFY=FAILURE,DELAY"
