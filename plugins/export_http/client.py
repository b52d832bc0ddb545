"""The request, and what its answer means: engine.spi tells the statuses apart, this module what it was asked for.

expected status                     taken
JSON expected and HTML came         ConfigError: somebody else answers there
JSON expected and cut short         OutcomeUnknown
anything else                       as `refusal` has it
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import BaseModel

from engine.spi import (
    AuthExpired,
    ConfigError,
    DeliveryPolicy,
    DocumentView,
    OutcomeUnknown,
    Parcel,
    PermissionDenied,
    PluginContext,
    PluginError,
    Receipt,
    StepState,
    TestReport,
    TestStep,
    TlsFailed,
    TransientError,
    one_line,
    refusal,
    without,
    words_of,
)
from plugins.export_http.mapping import Request, hidden, login, probe_of, request_of
from plugins.export_http.settings import HttpSettings

if TYPE_CHECKING:
    import httpx

READ = 1_000_000
"""Bytes of an answer that are looked at; of a longer one the beginning has to do."""
TEST_SECONDS = 15.0


class HttpChannel:
    """Channel `http`."""

    name = "http"
    settings_model: type[BaseModel] = HttpSettings

    def policy_of(self, settings: HttpSettings) -> DeliveryPolicy:
        return DeliveryPolicy.IDEMPOTENT if settings.drops_twins else DeliveryPolicy.AT_LEAST_ONCE

    def recipients(self, document: DocumentView) -> tuple[str, ...]:
        """The partner, by code: the receiver knows whom it is for."""
        return (document.partner.code or document.partner.name,)

    def test(self, settings: HttpSettings, context: PluginContext) -> TestReport:
        """The address, TLS, the login, then the health address or a probe that says it is one."""
        steps = list(_tried(settings, context))
        return TestReport(tuple(steps), urlsplit(settings.url).hostname or "")

    def deliver(self, parcel: Parcel, context: PluginContext) -> Receipt:
        settings: HttpSettings = parcel.settings
        answer = _sent(
            settings, context, settings.method, settings.url, request_of(parcel, context.now()), settings.timeout
        )
        reference = _reference(answer, settings) or parcel.key
        return Receipt(reference, one_line(f"{answer.status} {answer.words}"))


class _Answer:
    """An answer whose status was expected."""

    def __init__(self, status: int, headers: httpx.Headers, content: bytes, words: str) -> None:
        self.status, self.headers, self.content, self.words = status, headers, content, words


def _sent(
    settings: HttpSettings,
    context: PluginContext,
    method: str,
    url: str,
    request: Request,
    seconds: float,
) -> _Answer:
    """Errors: as Network.http, then as `refusal`, for answers that were not expected."""
    expected = settings.expected if method == settings.method else range(200, 300)
    with _client(settings, context, url, seconds) as client:
        call = client.build_request(method, url, content=request.body or None, headers=request.headers)
        answer = client.send(call, stream=True)
        try:
            content, cut = _read(answer)
        finally:
            answer.close()
    words = words_of(answer.headers, content, hidden(settings))
    if answer.status_code not in expected:
        raise refusal(call.url.host, answer.status_code, answer.headers, words, context.now())
    if settings.answer == "json" and method == settings.method:
        _must_be_json(answer, content, cut, call.url.host)
    return _Answer(answer.status_code, answer.headers, content, words)


def _client(settings: HttpSettings, context: PluginContext, url: str, seconds: float) -> httpx.Client:
    import ssl

    tls = ssl.create_default_context(cadata=settings.trusted_certificate) if settings.trusted_certificate else None
    port = urlsplit(url).port
    ports = () if port is None else (port,)
    return context.network.http(timeout=seconds, tls=tls, plain=settings.plain_http, ports=ports)


def _read(answer: httpx.Response) -> tuple[bytes, bool]:
    """The beginning of an answer, and whether it broke off. Its status is known: that says whether it was taken."""
    content = b""
    try:
        for piece in answer.iter_raw():
            content += piece
            if len(content) > READ:
                break
    except (OutcomeUnknown, TransientError):
        return content, True
    return content, False


def _must_be_json(answer: httpx.Response, content: bytes, cut: bool, host: str) -> None:
    """Errors: ConfigError, OutcomeUnknown."""
    if cut:
        raise OutcomeUnknown(f"{host} answered {answer.status_code} and broke off in the middle")
    if len(content) > READ:
        return
    try:
        json.loads(content)
    except ValueError as cause:
        if content.lstrip()[:1] not in (b"{", b"["):
            words = "with a page, where JSON was expected; is this the right address? It may have been taken"
            raise ConfigError(f"{host} answered {answer.status_code} {words}") from cause
        raise OutcomeUnknown(f"{host} answered {answer.status_code} with JSON that is not whole") from cause
    except RecursionError as cause:
        raise OutcomeUnknown(f"{host} answered {answer.status_code} with JSON nobody can read") from cause


def _reference(answer: _Answer, settings: HttpSettings) -> str:
    """Their name for it: where the settings say, else the Location it was given."""
    found: Any = None
    if settings.reference:
        try:
            found = json.loads(answer.content)
            for part in settings.reference.split("."):
                found = found[int(part)] if isinstance(found, list) else found[part]
        except (ValueError, LookupError, TypeError, RecursionError):
            found = None
    told = str(found) if isinstance(found, str | int) else answer.headers.get("location", "").partition("?")[0]
    return one_line(without(told, hidden(settings)))


def _tried(settings: HttpSettings, context: PluginContext) -> Iterator[TestStep]:
    for url in dict.fromkeys(one for one in (settings.url, settings.health_url) if one):
        parts = urlsplit(url)
        try:
            found = context.network.address(parts.hostname or "", parts.port or (80 if parts.scheme == "http" else 443))
        except ConfigError as wrong:
            yield TestStep("address", StepState.FAIL, wrong.reason, "address_refused", "write a public address")
            return
        except TransientError as wrong:
            yield TestStep("address", StepState.FAIL, wrong.reason, "unknown_host", "correct the name")
            return
        yield TestStep("address", StepState.OK, f"{parts.hostname} is {found}")
    yield from _probed(settings, context)


def _probed(settings: HttpSettings, context: PluginContext) -> Iterator[TestStep]:
    probe, seconds = probe_of(settings, context.now()), min(settings.timeout, TEST_SECONDS)
    try:
        if settings.health_url:
            asked = Request(b"", {**settings.headers, **login(settings, "test", context.now(), b"")})
            answer = _sent(settings, context, "GET", settings.health_url, asked, seconds)
        else:
            answer = _sent(settings, context, settings.method, settings.url, probe, seconds)
    except TlsFailed as wrong:
        hint = "mend its certificate, or set trusted_certificate"
        yield TestStep("connect", StepState.FAIL, wrong.reason, "tls", hint)
    except (AuthExpired, PermissionDenied) as wrong:
        code = "bad_secret" if isinstance(wrong, AuthExpired) else "not_allowed"
        yield TestStep("connect", StepState.OK, "it answers")
        yield TestStep("login", StepState.FAIL, wrong.reason, code, "correct user and secret")
    except PluginError as wrong:
        yield _failed(wrong)
    else:
        secure = settings.url.startswith("https")
        yield TestStep("connect", StepState.OK, "it proved its name over TLS" if secure else "it answers, without TLS")
        yield TestStep("login", StepState.SKIPPED if settings.login == "none" else StepState.OK)
        yield TestStep("probe", StepState.OK, one_line(f"{answer.status} {answer.words}"))


def _failed(wrong: PluginError) -> TestStep:
    if type(wrong) is TransientError and wrong.__cause__ is not None:
        return TestStep("connect", StepState.FAIL, wrong.reason, "unreachable", "is it there, and does it let us in?")
    if isinstance(wrong, OutcomeUnknown):
        return TestStep("probe", StepState.FAIL, wrong.reason, "no_answer", "look at the receiver's log")
    if isinstance(wrong, ConfigError):
        return TestStep("probe", StepState.FAIL, wrong.reason, "unexpected", "correct the settings")
    hint = "teach the receiver X-Connector-Test: 1, or set a health_url"
    return TestStep("probe", StepState.FAIL, wrong.reason, "refused", hint)
