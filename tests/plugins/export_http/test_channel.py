"""Hand-overs to real web servers on this machine, good and bad."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import HTTP
from hashlib import sha256
from hmac import digest
from pathlib import Path
from typing import Any

import pytest

from engine.spi import (
    AuthExpired,
    ConfigError,
    Conflict,
    DeliveryPolicy,
    File,
    NotFound,
    OutcomeUnknown,
    PermissionDenied,
    PluginContext,
    PluginError,
    QuotaExceeded,
    RateLimited,
    Rejected,
    TestReport,
    TlsFailed,
    TransientError,
    TryLater,
    Unsupported,
    Validation,
)
from engine.spi.host import register
from engine.spi.net import GuardedNetwork
from plugins.export_http import plugin
from plugins.export_http.client import HttpChannel
from plugins.export_http.settings import HttpSettings
from tests.plugins.parcels import BIG, CANARY, KEY, PDF, parcel
from tests.support.fakes import plugin_context
from tests.support.mailbox import closed_port
from tests.support.patience import patiently
from tests.support.web import CLOSE, CUT, DRIP, HANG, RESET, WebServer, proof, says, web_server

NOW = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
HERE = plugin_context(NOW)
channel = HttpChannel()


def connection(server: WebServer | int, **changes: Any) -> HttpSettings:
    url = f"http://127.0.0.1:{server}/in" if isinstance(server, int) else f"{server.url}/in"
    return HttpSettings.model_validate({"url": url, "plain_http": True} | changes)


def wrong(server: WebServer | int, context: PluginContext = HERE, **changes: Any) -> PluginError:
    with pytest.raises(PluginError) as raised:
        channel.deliver(parcel(connection(server, **changes)), context)
    return raised.value


def test_the_plugin_offers_the_channel() -> None:
    offered = register([("export_http", plugin)]).channels["http"]
    assert offered.name == "http" and offered.settings_model is HttpSettings


def test_twins_are_dropped_only_by_a_receiver_that_says_so() -> None:
    assert channel.policy_of(connection(80)) is DeliveryPolicy.AT_LEAST_ONCE
    assert channel.policy_of(connection(80, drops_twins="true")) is DeliveryPolicy.IDEMPOTENT


# --- what is sent -----------------------------------------------------------------------------------------------------


def test_an_envelope_arrives_whole() -> None:
    accented = File("Société & Fils ‮.pdf", "application/pdf", PDF.content)
    with web_server(says(201, '{"data": [{"id": 77}]}', content_type="application/json")) as server:
        receipt = channel.deliver(
            parcel(connection(server, reference="data.0.id", headers={"X-Tenant": "7"}), files=(PDF, accented)), HERE
        )
    (heard,) = server.heard
    told = json.loads(heard.body)
    assert (heard.method, heard.target, heard.headers["x-tenant"]) == ("POST", "/in", "7")
    assert heard.headers["idempotency-key"] == told["key"] == KEY
    assert heard.headers["content-digest"] == f"sha-256=:{b64encode(sha256(heard.body).digest()).decode()}:"
    assert [b64decode(one["content"]) for one in told["files"]] == [PDF.content] * 2
    assert told["files"][0]["sha256"] == sha256(PDF.content).hexdigest()
    assert (
        told["document"]["number"] == "FA-2026-00042"
        and told["document"]["gross"] == f"{parcel(None).document.totals.gross:f}"
    )
    assert receipt.reference == "77"


def test_a_file_goes_as_it_is() -> None:
    with web_server(says(204, location="/documents/9?token=x")) as server:
        receipt = channel.deliver(parcel(connection(server, body="file", method="PUT")), HERE)
        with pytest.raises(Rejected, match="there are 0"):
            channel.deliver(parcel(connection(server, body="file"), files=()), HERE)
    (heard,) = server.heard
    assert (heard.method, heard.body, heard.headers["content-type"]) == ("PUT", PDF.content, "application/pdf")
    assert heard.headers["content-disposition"].startswith('attachment; filename="FA-2026-00042.pdf"')
    assert receipt.reference == "/documents/9"


@pytest.mark.parametrize("name", ["è\r\nX: y.pdf", '"; x="', "../../etc/passwd", "", "\x00", "a" * 500, "%00"])
def test_no_name_of_a_file_makes_a_header(name: str) -> None:
    with web_server() as server:
        for body in ("file", "multipart"):
            odd = replace(PDF, name=name, media_type="text/plain\r\nX-Bad: 1")
            channel.deliver(parcel(connection(server, body=body), files=(odd,)), HERE)
    for heard in server.heard:
        assert "x" not in heard.headers and "x-bad" not in heard.headers
        assert b"\r\nX: y" not in heard.body and b"\nX-Bad" not in heard.body
    assert server.heard[0].headers["content-type"] == "application/octet-stream"


def test_multipart_is_what_a_reader_of_mime_takes_it_for() -> None:
    with web_server() as server:
        for _ in range(2):
            channel.deliver(parcel(connection(server, body="multipart"), files=(PDF, replace(PDF, name="b.pdf"))), HERE)
    first, second = server.heard
    assert first.body == second.body
    whole = b"Content-Type: " + first.headers["content-type"].encode() + b"\r\n\r\n" + first.body
    parts = list(message_from_bytes(whole, policy=HTTP).iter_parts())
    assert [part.get_param("name", header="content-disposition") for part in parts] == ["envelope", "file", "file"]
    assert json.loads(parts[0].get_content())["key"] == KEY
    assert [part.get_content() for part in parts[1:]] == [PDF.content] * 2


def test_thirty_megabytes_arrive_whole() -> None:
    with web_server() as server:
        channel.deliver(parcel(connection(server, body="file"), files=(BIG,)), HERE)
    assert sha256(server.heard[0].body).digest() == sha256(BIG.content).digest()


@pytest.mark.parametrize(
    ("login", "name", "value"),
    [
        ("basic", "authorization", "Basic " + b64encode(f"anna:{CANARY}".encode()).decode()),
        ("bearer", "authorization", f"Bearer {CANARY}"),
        ("api_key", "x-acme", CANARY),
    ],
)
def test_a_login_is_sent_as_its_kind_wants(login: str, name: str, value: str) -> None:
    with web_server() as server:
        settings = connection(server, login=login, user="anna", secret=CANARY, login_header="X-Acme")
        channel.deliver(parcel(settings), HERE)
    assert server.heard[0].headers[name] == value


@pytest.mark.parametrize("secret", [CANARY, "whsec_" + b64encode(b"raw key").decode()])
def test_a_signature_is_over_id_time_and_body(secret: str) -> None:
    with web_server() as server:
        channel.deliver(parcel(connection(server, login="signature", secret=secret)), HERE)
    (heard,) = server.heard
    at = str(int(NOW.timestamp()))
    key = b"raw key" if secret.startswith("whsec_") else CANARY.encode()
    expected = b64encode(digest(key, f"{KEY}.{at}.".encode() + heard.body, "sha256")).decode()
    assert (heard.headers["webhook-id"], heard.headers["webhook-timestamp"]) == (KEY, at)
    assert heard.headers["webhook-signature"] == f"v1,{expected}"


def test_the_signature_of_the_published_example_is_ours() -> None:
    """Source: the libraries of https://www.standardwebhooks.com, test vector of each."""
    from plugins.export_http.mapping import signature

    body = b'{"test": 2432232314}'
    secret, name, at = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330"
    assert signature(secret, name, at, body) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_second_hand_over_has_the_same_key_and_body() -> None:
    with web_server() as server:
        for _ in range(2):
            channel.deliver(parcel(connection(server)), HERE)
    first, second = server.heard
    assert first.body == second.body and first.headers["idempotency-key"] == second.headers["idempotency-key"]


# --- what the answer means --------------------------------------------------------------------------------------------

MEANS: list[tuple[bytes, type[PluginError]]] = [
    (says(400, "no such field"), Validation), (says(401), AuthExpired), (says(403), PermissionDenied),
    (says(403, retry_after="5"), QuotaExceeded), (says(404), NotFound), (says(410), NotFound), (says(409), Conflict),
    (says(405), Unsupported), (says(407), ConfigError), (says(408), TransientError), (says(413), Validation),
    (says(422, '{"field": "number"}', content_type="application/json"), Validation), (says(425), TransientError),
    (says(429), RateLimited), (says(500), OutcomeUnknown), (says(501), Unsupported), (says(502), OutcomeUnknown),
    (says(503), TransientError), (says(504), OutcomeUnknown), (says(301, location="https://x/"), ConfigError),
    (says(304), ConfigError), (says(206), ConfigError),
    (says(200, "<html>log in</html>", content_type="text/html"), ConfigError), (says(200, ""), ConfigError),
    (says(200, '{"id": 1', content_type="application/json"), OutcomeUnknown),
    (says(200, "[" * 100_000, content_type="application/json"), OutcomeUnknown),
    (CUT + says(200, '{"id": 1}')[:-3], OutcomeUnknown), (CUT + b"HTTP/1.1 20", OutcomeUnknown), (HANG, OutcomeUnknown),
    (CLOSE, OutcomeUnknown), (RESET, OutcomeUnknown), (b"SSH-2.0-x\r\n", OutcomeUnknown),
    (DRIP + says(200, "x" * 999), OutcomeUnknown),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "kind"), MEANS, ids=[f"{one[:24]!r}-{kind.__name__}" for one, kind in MEANS])
def test_each_answer_has_its_class(answer: bytes, kind: type[PluginError]) -> None:
    with web_server(answer) as server:
        came = patiently(lambda seconds: type(wrong(server, timeout=seconds, answer="json")), kind)
    assert came is kind


def test_an_expected_answer_is_taken_though_the_rest_of_it_is_lost() -> None:
    with web_server(CUT + says(200, "x" * 99)[:-50]) as server:
        assert channel.deliver(parcel(connection(server)), HERE).reference == KEY


def test_which_answers_mean_taken_is_a_setting() -> None:
    with web_server(says(409, "there already")) as server:
        assert channel.deliver(parcel(connection(server, expected="200, 409")), HERE).detail == "409 there already"
        assert type(wrong(server)) is Conflict


@pytest.mark.parametrize(
    ("value", "after"),
    [
        ("120", timedelta(minutes=2)), ("Tue, 03 Nov 2026 09:35:00 GMT", timedelta(minutes=5)), ("0", None),
        ("Tue, 03 Nov 2026 09:00:00 GMT", None), ("soon", None), ("-5", None), ("", None),
        ("9" * 400, timedelta(seconds=10**8)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", timedelta(seconds=10**8)), ("١٢", None), ("1.5", None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("status", [429, 503])
def test_it_waits_as_long_as_it_is_asked_to(status: int, value: str, after: timedelta | None) -> None:
    head = f"HTTP/1.1 {status} x\r\nretry-after: ".encode() + value.encode() + b"\r\ncontent-length: 0\r\n\r\n"
    with web_server(head) as server:
        error = wrong(server)
    assert isinstance(error, TryLater) and error.after == after


def test_nobody_there_is_tried_later() -> None:
    assert type(wrong(closed_port())) is TransientError


def test_an_address_inside_is_refused_unless_the_installation_allows_it() -> None:
    with web_server() as server:
        error = wrong(server, replace(HERE, network=GuardedNetwork()))
    assert type(error) is ConfigError and server.connections == 0


def test_a_redirect_is_not_followed() -> None:
    with web_server(says(307, location="http://169.254.169.254/latest/meta-data/")) as server:
        assert "redirects are not followed" in wrong(server).reason
    assert len(server.heard) == 1


def test_tls_is_proved_by_the_certificate_the_settings_trust(tmp_path: Path) -> None:
    good = proof(tmp_path)
    pem = (tmp_path / "127.0.0.1.pem").read_text()
    with web_server(tls=good.server) as server:
        assert type(wrong(server, login="bearer", secret=CANARY)) is TlsFailed
        assert server.heard == []
        assert channel.deliver(parcel(connection(server, trusted_certificate=pem)), HERE).reference == KEY
    assert len(server.heard) == 1


# --- the test ---------------------------------------------------------------------------------------------------------


def report(server: WebServer | int, **changes: Any) -> TestReport:
    return channel.test(connection(server, **changes), HERE)


def failed(found: TestReport) -> tuple[str, str]:
    """(step, code) of what failed."""
    (step,) = [step for step in found.steps if step.state.value == "fail"]
    assert not found.passed and step.hint
    return step.name, step.code


def test_a_good_connection_passes_and_the_probe_says_what_it_is() -> None:
    with web_server() as server:
        found = report(server, login="bearer", secret=CANARY)
    assert found.passed and [step.name for step in found.steps] == ["address", "connect", "login", "probe"]
    assert (server.heard[0].headers["x-connector-test"], server.heard[0].method) == ("1", "POST")
    assert "idempotency-key" not in server.heard[0].headers


def test_a_health_address_is_only_read() -> None:
    with web_server() as server:
        assert report(server, health_url=f"{server.url}/health", expected="201", answer="json").passed
    assert [(heard.method, heard.target, heard.body) for heard in server.heard] == [("GET", "/health", b"")]


@pytest.mark.parametrize(
    ("answer", "step"),
    [
        (says(401), ("login", "bad_secret")), (says(403), ("login", "not_allowed")), (says(404), ("probe", "refused")),
        (says(422), ("probe", "refused")), (says(302, location="/"), ("probe", "unexpected")),
        (says(500), ("probe", "no_answer")), (HANG, ("probe", "no_answer")), (says(503), ("probe", "refused")),
    ],
)  # fmt: skip
def test_a_test_tells_what_is_wrong(answer: bytes, step: tuple[str, str]) -> None:
    with web_server(answer) as server:
        assert patiently(lambda seconds: failed(report(server, timeout=seconds)), step) == step


def test_a_test_tells_nobody_there_no_tls_a_bad_name_and_an_inner_address(tmp_path: Path) -> None:
    assert failed(report(closed_port())) == ("connect", "unreachable")
    with web_server(tls=proof(tmp_path).server) as server:
        assert failed(report(server)) == ("connect", "tls")
    assert failed(report(80, url="https://no-such-host.invalid/")) == ("address", "unknown_host")
    assert failed(report(80, url="https://10.0.0.1/")) == ("address", "address_refused")


# --- what must not be told --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("login", ["basic", "bearer", "api_key", "signature"])
def test_the_secret_turns_up_nowhere(login: str) -> None:
    """Servers that repeat all they were sent, in an answer that is taken, one that is refused, and a redirect."""
    notes: list[str] = []
    context = plugin_context(NOW, notes)

    def echo(status: int) -> Any:
        return lambda heard: says(
            status, json.dumps(dict(heard.headers)), content_type="application/json",
            location=heard.headers.get("authorization", CANARY),
        )  # fmt: skip

    texts = []
    with web_server() as server:
        settings = connection(server, login=login, user="anna", secret=CANARY)
        for status in (200, 302, 401, 403, 422, 429, 500):
            server.behaviour = echo(status)
            try:
                texts.append(repr(channel.deliver(parcel(settings), context)))
            except PluginError as error:
                texts += [repr(error), error.reason, repr(error.__cause__), repr(vars(error))]
            texts.append(repr(channel.test(settings, context)))
        texts += [repr(settings), settings.model_dump_json(), repr(parcel(settings)), *notes]
    forms = (CANARY, b64encode(f"anna:{CANARY}".encode()).decode())
    assert not [text for text in texts for form in forms if form in text]
