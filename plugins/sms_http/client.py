"""One request per phone, and what the answers mean.

A message is never sent twice on a guess: after an unknown outcome the rest is not sent, and a person decides. A phone
the gateway refuses is `refused` in the receipt, one it cannot take now is `later`; when none was taken, that is raised.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING
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
    Rejected,
    StepState,
    TestReport,
    TestStep,
    TlsFailed,
    TransientError,
    TryLater,
    one_line,
    refusal,
    without,
)
from plugins.sms_http.mapping import (
    Request,
    hidden,
    login,
    phones_of,
    reference_in,
    request_of,
    sender_for,
    text_of,
)
from plugins.sms_http.phones import split
from plugins.sms_http.segments import segments
from plugins.sms_http.settings import SmsSettings

if TYPE_CHECKING:
    import httpx

TEST_SECONDS = 15.0
READ = 64_000
"""Bytes of an answer that are looked at."""


class SmsChannel:
    """Channel `sms`."""

    name = "sms"
    settings_model: type[BaseModel] = SmsSettings

    def policy_of(self, settings: SmsSettings) -> DeliveryPolicy:
        return DeliveryPolicy.AT_MOST_ONCE

    def recipients(self, document: DocumentView) -> tuple[str, ...]:
        """The numbers in the partner's phone field, as they are written there."""
        return split(document.partner.phone)

    def test(self, settings: SmsSettings, context: PluginContext) -> TestReport:
        """Read what costs nothing. A custom gateway without a health_url is only reached, not logged in to."""
        return TestReport(tuple(_tried(settings, context)), settings.account or settings.user)

    def deliver(self, parcel: Parcel, context: PluginContext) -> Receipt:
        settings: SmsSettings = parcel.settings
        text = text_of(parcel)
        numbers, refused = phones_of(parcel)
        if not numbers:
            raise Rejected("no recipient with a phone number", refused)
        wanted = parcel.message.sender_name if parcel.message else ""
        asked: dict[str, Request] = {}
        for number in numbers:
            try:
                sender = sender_for(number, settings, wanted)
                asked[number] = request_of(number, sender, text, parcel.key, settings)
            except Rejected as wrong:
                refused[number] = wrong.reason
        if not asked:
            raise Rejected(f"no message could be sent: {'; '.join(refused.values())}", refused)
        with _client(settings, context, settings.send_url, settings.timeout) as client:
            return _sent(client, asked, refused, segments(text).count, settings, context)


def _sent(
    client: httpx.Client,
    asked: dict[str, Request],
    refused: dict[str, str],
    size: int,
    settings: SmsSettings,
    context: PluginContext,
) -> Receipt:
    """Errors: OutcomeUnknown; and what the gateway said, when it took none."""
    taken: dict[str, str] = {}
    later: dict[str, str] = {}
    first: PluginError | None = None
    ends = time.monotonic() + settings.timeout
    for number, request in asked.items():
        try:
            if isinstance(first, AuthExpired) or time.monotonic() >= ends:
                raise first or TransientError("the time is up")
            taken[number] = _one(client, request, ends - time.monotonic(), settings, context)
        except OutcomeUnknown as wrong:
            rest = [one for one in asked if one not in (*taken, *refused, *later, number)]
            known = f"sure: {_listed(taken)}; not sent: {_listed([*rest, *later])}"
            raise OutcomeUnknown(f"{wrong.reason}; {number} may have got it; {known}") from wrong
        except (TryLater, AuthExpired) as wrong:
            first = first or wrong
            later[number] = wrong.reason
        except Rejected as wrong:
            first = first or wrong
            refused[number] = wrong.reason
    if not taken and first is not None:
        raise first
    return Receipt(", ".join(taken.values()), f"{_listed(taken)}; {size} messages each", refused, later)


def _one(client: httpx.Client, request: Request, seconds: float, settings: SmsSettings, context: PluginContext) -> str:
    """Send one message; the gateway's name for it. Errors: as Network.http and `refusal`."""
    call = client.build_request("POST", request.url, content=request.body, headers=request.headers, timeout=seconds)
    status, headers, content = _answer(client, call)
    if not 200 <= status <= 299:
        words = _words(headers, content, settings)
        raise refusal(call.url.host, status, headers, words, context.now())
    name = without(reference_in(content, settings), hidden(settings))
    if settings.preset != "custom" and not name:
        raise OutcomeUnknown(f"{call.url.host} answered {status}, and does not say what it took")
    return name


def _answer(client: httpx.Client, call: httpx.Request) -> tuple[int, httpx.Headers, bytes]:
    """Its status is known even if the rest of it is lost."""
    answer, content = client.send(call, stream=True), b""
    try:
        for piece in answer.iter_raw():
            content += piece
            if len(content) > READ:
                break
    except (OutcomeUnknown, TransientError):
        pass
    finally:
        answer.close()
    return answer.status_code, answer.headers, content


def _words(headers: httpx.Headers, content: bytes, settings: SmsSettings) -> str:
    kind = headers.get("content-type", "text/plain").partition(";")[0].strip().lower()
    if kind.endswith("html") or not (kind.startswith("text/") or kind.endswith("json")):
        return f"({kind})" if content else ""
    return one_line(without(content[:2000].decode("utf-8", "replace"), hidden(settings)))


def _client(settings: SmsSettings, context: PluginContext, url: str, seconds: float) -> httpx.Client:
    port = urlsplit(url).port
    ports = () if port is None else (port,)
    return context.network.http(timeout=seconds, plain=settings.plain_http, ports=ports)


def _tried(settings: SmsSettings, context: PluginContext) -> Iterator[TestStep]:
    read = settings.test_url
    url = read or settings.send_url
    try:
        with _client(settings, context, url, min(settings.timeout, TEST_SECONDS)) as client:
            headers = {**login(settings), "Accept": "application/json"} if read else {}
            call = client.build_request("GET" if read else "OPTIONS", url, headers=headers)
            status, told, content = _answer(client, call)
            if read and not 200 <= status <= 299:
                raise refusal(call.url.host, status, told, _words(told, content, settings), context.now())
    except (AuthExpired, PermissionDenied) as wrong:
        code = "bad_secret" if isinstance(wrong, AuthExpired) else "not_allowed"
        yield TestStep("connect", StepState.OK, "it answers")
        yield TestStep("login", StepState.FAIL, wrong.reason, code, "correct user and secret")
    except PluginError as wrong:
        yield _failed(wrong)
    else:
        yield TestStep("connect", StepState.OK, f"it answers {status}")
        unread = "sending costs, and no health_url is set"
        yield TestStep("login", StepState.OK) if read else TestStep("login", StepState.SKIPPED, unread)


def _failed(wrong: PluginError) -> TestStep:
    code, hint = "refused", "correct health_url, or ask the gateway"
    if isinstance(wrong, TlsFailed):
        code, hint = "tls", "the gateway has to mend its certificate"
    elif isinstance(wrong, ConfigError):
        code, hint = "address_refused", "correct url"
    elif isinstance(wrong, TransientError):
        code, hint = "unreachable", "is it there, and does it let us in?"
    return TestStep("connect", StepState.FAIL, wrong.reason, code, hint)


def _listed(numbers: Iterable[str]) -> str:
    return ", ".join(numbers) or "none"
