"""Messages to gateways in threads on this machine, good and bad."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from engine.spi import (
    AuthExpired,
    ConfigError,
    DeliveryPolicy,
    Message,
    OutcomeUnknown,
    PermissionDenied,
    PluginError,
    RateLimited,
    Rejected,
    StepState,
    TlsFailed,
    TransientError,
    Validation,
)
from engine.spi.host import register
from engine.spi.net import GuardedNetwork
from plugins.sms_http import plugin
from plugins.sms_http.client import SmsChannel
from plugins.sms_http.settings import SmsSettings
from tests.plugins.facturx.views import french_mixed, partner
from tests.plugins.parcels import CANARY, KEY, parcel
from tests.support.fakes import plugin_context
from tests.support.mailbox import closed_port
from tests.support.patience import patiently
from tests.support.web import CLOSE, CUT, DRIP, HANG, RESET, Heard, WebServer, proof, says, web_server

HERE = plugin_context()
SHORT = 0.6  # seconds, for gateways that would never answer
ACCOUNT = "AC" + "0a" * 16
ANNA, BOB, CARLA = "+393331234567", "+393331234568", "+33612345678"
channel = SmsChannel()


def connection(server: WebServer | int, preset: str = "custom", **changes: Any) -> SmsSettings:
    url = server.url if isinstance(server, WebServer) else f"http://127.0.0.1:{server}"
    path = {"twilio": "/2010-04-01/Accounts/{account}/Messages.json", "skebby": "/API/v1.0/REST/sms"}.get(
        preset, "/send"
    )
    given = {
        "preset": preset, "url": url + path, "plain_http": True, "secret": CANARY, "senders": {"+": "Acme"},
        "prefix": "+39", "user": ACCOUNT if preset == "twilio" else "user-1",
    }  # fmt: skip
    return SmsSettings.model_validate(given | changes)


def sent(settings: SmsSettings, *phones: str, **changes: Any) -> Any:
    return channel.deliver(parcel(settings, files=(), recipients=phones or (ANNA,), **changes), HERE)


def wrong(settings: SmsSettings, *phones: str) -> PluginError:
    with pytest.raises(PluginError) as raised:
        sent(settings, *phones)
    return raised.value


def by_number(answers: dict[str, bytes]) -> Callable[[Heard], bytes]:
    """A gateway that answers by whom it is for, and takes the rest."""
    return lambda heard: answers.get(json.loads(heard.body)["to"], says(201, '{"id": "m-1"}'))


def test_the_plugin_offers_the_channel() -> None:
    offered = register([("sms_http", plugin)]).channels["sms"]
    assert offered.policy_of(None) is DeliveryPolicy.AT_MOST_ONCE
    document = replace(french_mixed(), partner=partner(phone="06 12 34 56 78; +39 333 1234567"))
    assert offered.recipients(document) == ("06 12 34 56 78", "+39 333 1234567")
    assert offered.recipients(french_mixed()) == ()


# --- presets ----------------------------------------------------------------------------------------------------------


def test_twilio_gets_a_form_with_basic_login() -> None:
    with web_server(says(201, '{"sid": "SM1", "status": "queued"}', content_type="application/json")) as server:
        receipt = sent(connection(server, "twilio"), "333 1234567", message=Message("Ciao à tous & merci"))
        service = connection(server, "twilio", senders={"+": "MG" + "0b" * 16})
        sent(service)
    first, second = server.heard
    assert first.target == f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    assert parse_qs(first.body.decode()) == {"To": [ANNA], "From": ["Acme"], "Body": ["Ciao à tous & merci"]}
    assert first.headers["authorization"] == "Basic " + b64encode(f"{ACCOUNT}:{CANARY}".encode()).decode()
    assert parse_qs(second.body.decode())["MessagingServiceSid"] == ["MG" + "0b" * 16]
    assert receipt.reference == "SM1" and receipt.refused == receipt.later == {}


@pytest.mark.parametrize(("text", "encoding"), [("Ciao €", None), ("Ciao ✓", "ucs2")])
def test_skebby_gets_json_with_its_two_headers(text: str, encoding: str | None) -> None:
    answer = '{"result": "OK", "order_id": "ABC", "total_sent": 1}'
    with web_server(says(201, answer, content_type="application/json")) as server:
        receipt = sent(connection(server, "skebby", quality="GP"), message=Message(text))
    (heard,) = server.heard
    told = {"message_type": "GP", "message": text, "recipient": [ANNA], "sender": "Acme"}
    assert json.loads(heard.body) == told | ({"encoding": encoding} if encoding else {})
    assert (heard.headers["user_key"], heard.headers["access_token"]) == ("user-1", CANARY)
    assert receipt.reference == "ABC"


@pytest.mark.parametrize(
    ("login", "name", "value"),
    [
        ("basic", "authorization", "Basic " + b64encode(f"user-1:{CANARY}".encode()).decode()),
        ("bearer", "authorization", f"Bearer {CANARY}"), ("header", "x-sms", CANARY),
    ],
)  # fmt: skip
@pytest.mark.parametrize("body", ["form", "json"])
def test_any_other_gateway_is_told_by_settings(body: str, login: str, name: str, value: str) -> None:
    with web_server(says(200, '{"messages": [{"message-id": "7"}]}')) as server:
        settings = connection(
            server, body=body, login=login, login_header="X-Sms", to_field="dest", sender_field="src", text_field="msg",
            more_fields={"type": "text"}, reference="messages.0.message-id",
        )  # fmt: skip
        receipt = sent(settings, message=Message("Ciao"))
    (heard,) = server.heard
    told = json.loads(heard.body) if body == "json" else {k: v[0] for k, v in parse_qs(heard.body.decode()).items()}
    assert told == {"dest": ANNA, "src": "Acme", "msg": "Ciao", "type": "text"}
    assert heard.headers[name] == value and heard.headers["idempotency-key"] == f"{KEY}-{ANNA[1:]}"
    assert receipt.reference == "7"


# --- recipients -------------------------------------------------------------------------------------------------------


def test_everybody_gets_one_message_each_and_extra_recipients_too() -> None:
    settings_of: dict[str, Any] = {
        "recipients": [BOB, "0039 333 1234567"],
        "senders": {"+39": "Acme", "+33": "Acme FR"},
    }
    with web_server(says(201, '{"id": "m"}')) as server:
        receipt = sent(connection(server, **settings_of), ANNA, CARLA, "ask Anna", copies=("+49 151 23456789",))
    told = [json.loads(heard.body) for heard in server.heard]
    assert [(one["to"], one["from"]) for one in told] == [(ANNA, "Acme"), (CARLA, "Acme FR"), (BOB, "Acme")]
    assert receipt.refused["ask Anna"] == "not a phone number"
    assert receipt.later == {}
    assert "no sender is allowed" in receipt.refused["+49 151 23456789"]


def test_each_recipient_has_an_answer_of_its_own() -> None:
    answers = {ANNA: says(400, "no such number"), BOB: says(429, retry_after="5")}
    with web_server(by_number(answers)) as server:
        receipt = sent(connection(server), ANNA, BOB, CARLA)
    assert receipt.reference == "m-1" and len(server.heard) == 3
    assert "no such number" in receipt.refused[ANNA] and "429" in receipt.later[BOB]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (says(400, '{"code": 21211}', content_type="application/json"), Validation), (says(401), AuthExpired),
        (says(403), PermissionDenied), (says(429), RateLimited), (says(503), TransientError),
        (says(500), OutcomeUnknown),
        (says(302, location="/"), ConfigError), (HANG, OutcomeUnknown), (CLOSE, OutcomeUnknown),
        (RESET, OutcomeUnknown),
        (CUT + b"HTTP/1.1 20", OutcomeUnknown), (b"+OK POP3\r\n", OutcomeUnknown),
        (DRIP + says(200, "x" * 999), OutcomeUnknown),
    ],
    ids=range(13),
)  # fmt: skip
def test_when_none_was_taken_the_answer_is_raised(answer: bytes, kind: type[PluginError]) -> None:
    with web_server(answer) as server:
        assert patiently(lambda seconds: type(wrong(connection(server, timeout=seconds))), kind) is kind


def test_who_was_to_wait_is_served_alone_and_nobody_gets_a_twin() -> None:
    """The engine comes back with another key, for those named `later`; the connection's own recipient has it."""
    context, asked = plugin_context(), ("333 1234567", "06 12 34 56 78")
    with web_server(by_number({ANNA: says(429)})) as server:
        settings = connection(server, recipients=[BOB])
        first = channel.deliver(parcel(settings, recipients=asked[:1], copies=(CARLA,)), context)
        assert list(first.later) == ["333 1234567"] and context.state.get() == {"owed": {"7": [ANNA]}}
        server.answers(says(201, '{"id": "m-2"}'))
        again = channel.deliver(parcel(settings, recipients=tuple(first.later), key="another"), context)
        fresh = channel.deliver(parcel(settings, recipients=asked[:1], key="third"), context)
    told = [json.loads(heard.body)["to"] for heard in server.heard]
    assert told == [ANNA, CARLA, BOB, ANNA, ANNA, BOB]
    assert again.later == fresh.later == {} and context.state.get() == {"owed": {}}


def test_a_recipient_of_the_connection_that_was_to_wait_is_served_again() -> None:
    context = plugin_context()
    with web_server(by_number({BOB: says(429), ANNA: says(429)})) as server:
        settings = connection(server, recipients=[BOB, CARLA])
        first = channel.deliver(parcel(settings, recipients=(ANNA,)), context)
        server.answers(says(201, '{"id": "m-2"}'))
        channel.deliver(parcel(settings, recipients=(ANNA,), key="another"), context)
    assert set(first.later) == {ANNA, BOB}
    assert [json.loads(heard.body)["to"] for heard in server.heard] == [ANNA, BOB, CARLA, ANNA, BOB]


def test_some_refused_and_some_to_wait_is_a_receipt_that_says_so() -> None:
    with web_server(by_number({ANNA: says(400), BOB: says(429)})) as server:
        receipt = sent(connection(server), "333 1234567", BOB)
    assert list(receipt.refused) == ["333 1234567"] and list(receipt.later) == [BOB] and receipt.reference == ""


def test_after_an_unknown_outcome_nobody_else_is_sent_anything() -> None:
    with web_server(by_number({BOB: CLOSE})) as server:
        error = wrong(connection(server), ANNA, BOB, CARLA)
    assert type(error) is OutcomeUnknown and len(server.heard) == 2
    assert f"{BOB} may have got it; sure: {ANNA}; not sent: {CARLA}" in error.reason


def test_a_login_that_is_refused_is_not_tried_for_everybody() -> None:
    with web_server(says(401)) as server:
        assert type(wrong(connection(server), ANNA, BOB, CARLA)) is AuthExpired
    assert len(server.heard) == 1


@pytest.mark.parametrize("preset", ["twilio", "skebby"])
def test_a_gateway_that_takes_but_names_nothing_leaves_it_open(preset: str) -> None:
    with web_server(says(200, "<html>log in</html>", content_type="text/html")) as server:
        assert type(wrong(connection(server, preset))) is OutcomeUnknown


def test_nobody_to_send_to_is_a_rejection() -> None:
    assert type(wrong(connection(80), "ask Anna")) is Rejected
    assert type(wrong(connection(80, senders={"+33": "Acme"}))) is Rejected


def test_nobody_there_is_tried_later_and_an_inner_address_never() -> None:
    assert type(wrong(connection(closed_port()))) is TransientError
    with web_server() as server, pytest.raises(ConfigError):
        channel.deliver(
            parcel(connection(server), recipients=(ANNA,)), replace(HERE, network=GuardedNetwork())
        )  # fmt: skip
    assert server.connections == 0


def test_a_certificate_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    with web_server(tls=proof(tmp_path).server) as server:
        assert type(wrong(connection(server))) is TlsFailed
    assert server.heard == []


# --- the test ---------------------------------------------------------------------------------------------------------


def steps(settings: SmsSettings) -> list[tuple[str, StepState, str]]:
    return [(step.name, step.state, step.code) for step in channel.test(settings, HERE).steps]


def test_a_test_reads_what_costs_nothing() -> None:
    with web_server() as server:
        assert channel.test(connection(server, health_url=f"{server.url}/status"), HERE).passed
        assert steps(connection(server))[1][:2] == ("login", StepState.SKIPPED)
    assert [(heard.method, heard.target) for heard in server.heard] == [("GET", "/status"), ("OPTIONS", "/send")]
    assert CANARY not in repr(server.heard[1])


def test_a_test_tells_what_is_wrong(tmp_path: Path) -> None:
    with web_server(says(401)) as server:
        assert steps(connection(server, health_url=server.url))[-1] == ("login", StepState.FAIL, "bad_secret")
        server.answers(says(404))
        assert steps(connection(server, health_url=server.url)) == [("connect", StepState.FAIL, "refused")]
        server.answers(HANG)
        slow = connection(server, health_url=server.url, timeout=SHORT)
        assert steps(slow) == [("connect", StepState.FAIL, "unreachable")]
    assert steps(connection(closed_port())) == [("connect", StepState.FAIL, "unreachable")]
    assert steps(connection(80, url="https://10.0.0.1/")) == [("connect", StepState.FAIL, "address_refused")]
    with web_server(tls=proof(tmp_path).server) as server:
        assert steps(connection(server)) == [("connect", StepState.FAIL, "tls")]


# --- what must not be told --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", ["twilio", "skebby", "custom"])
def test_the_secret_turns_up_nowhere(preset: str) -> None:
    """Gateways that repeat all they were sent, taken or refused."""
    notes: list[str] = []
    context, texts = plugin_context(notes=notes), []

    def echo(status: int) -> Callable[[Heard], bytes]:
        def answer(heard: Heard) -> bytes:
            told = {
                **heard.headers,
                "sid": heard.headers.get("authorization", CANARY),
                "order_id": CANARY,
                "id": CANARY,
            }
            return says(status, json.dumps(told), content_type="application/json")

        return answer

    with web_server() as server:
        settings = connection(server, preset, health_url=f"{server.url}/status")
        for status in (200, 302, 400, 401, 403, 429, 500):
            server.behaviour = echo(status)
            try:
                texts.append(repr(channel.deliver(parcel(settings, recipients=(ANNA,)), context)))
            except PluginError as error:
                texts += [repr(error), repr(vars(error)), repr(error.__cause__)]
            texts.append(repr(channel.test(settings, context)))
        texts += [repr(settings), settings.model_dump_json(), repr(parcel(settings)), *notes]
    user = settings.user
    forms = (CANARY, b64encode(f"{user}:{CANARY}".encode()).decode())
    assert not [text for text in texts for form in forms if form in text]
