"""One request per phone, and what the answers mean.

A message is never sent twice on a guess: after an unknown outcome the rest is not sent, and a person decides. A phone
the gateway refuses is `refused` in the receipt, one it cannot take now is `later`, each as it was written. When none
was taken, what the gateway said is raised, unless it refuses some and wants others later.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
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
    refusal,
    without,
    words_of,
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
from plugins.sms_http.owed import keep, owed
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
        before = owed(context.state, parcel.document)
        numbers, refused = phones_of(parcel, before)
        if not numbers:
            raise Rejected("no recipient with a phone number", refused)
        wanted = parcel.message.sender_name if parcel.message else ""
        asked: dict[str, Request] = {}
        for number, written in numbers.items():
            try:
                sender = sender_for(number, settings, wanted)
                asked[number] = request_of(number, sender, text, parcel.key, settings)
            except Rejected as wrong:
                refused[written] = wrong.reason
        if not asked:
            raise Rejected(f"no message could be sent: {'; '.join(refused.values())}", refused)
        with _client(settings, context, settings.send_url, settings.timeout) as client:
            done = _sent(client, asked, settings, context)
        if (before or done.taken) and not keep(context.state, parcel.document, done.later):
            context.note("who is still to get it could not be kept")
        return _receipt(done, numbers, refused, segments(text).count)


@dataclass(slots=True)
class _Done:
    """What came of each number: the gateway's name for the message, or why not."""

    taken: dict[str, str] = field(default_factory=dict)
    refused: dict[str, Rejected] = field(default_factory=dict)
    later: dict[str, PluginError] = field(default_factory=dict)


def _sent(client: httpx.Client, asked: dict[str, Request], settings: SmsSettings, context: PluginContext) -> _Done:
    """Errors: OutcomeUnknown."""
    done, ends = _Done(), time.monotonic() + settings.timeout
    stopped: PluginError | None = None
    for number, request in asked.items():
        left = ends - time.monotonic()
        try:
            if stopped or left <= 0:
                raise stopped or TransientError("the time is up")
            done.taken[number] = _one(client, request, left, settings, context)
        except OutcomeUnknown as wrong:
            rest = [one for one in asked if one not in (*done.taken, *done.refused, number)]
            known = f"sure: {_listed(done.taken)}; not sent: {_listed(rest)}"
            raise OutcomeUnknown(f"{wrong.reason}; {number} may have got it; {known}") from wrong
        except AuthExpired as wrong:
            done.later[number] = stopped = wrong
        except TryLater as wrong:
            done.later[number] = wrong
        except Rejected as wrong:
            done.refused[number] = wrong
    return done


def _receipt(done: _Done, numbers: dict[str, str], refused: dict[str, str], size: int) -> Receipt:
    """Recipients as they were written. Errors: what the gateway said, when all it said is the same kind of no."""
    refused |= {numbers[number]: wrong.reason for number, wrong in done.refused.items()}
    later = {numbers[number]: wrong.reason for number, wrong in done.later.items()}
    login = [one for one in done.later.values() if isinstance(one, AuthExpired)]
    if not done.taken and (login or not (later and refused)):
        raise next(iter((*login, *done.later.values(), *done.refused.values())))
    detail = f"{_listed(done.taken)}; {size} message{'s' if size > 1 else ''} each"
    return Receipt(", ".join(done.taken.values()), detail, refused, later)


def _one(client: httpx.Client, request: Request, seconds: float, settings: SmsSettings, context: PluginContext) -> str:
    """Send one message; the gateway's name for it. Errors: as Network.http and `refusal`."""
    call = client.build_request("POST", request.url, content=request.body, headers=request.headers, timeout=seconds)
    status, headers, content = _answer(client, call)
    if not 200 <= status <= 299:
        words = words_of(headers, content, hidden(settings))
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
                raise refusal(call.url.host, status, told, words_of(told, content, hidden(settings)), context.now())
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
