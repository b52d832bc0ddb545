"""The conversation with the SMTP server, and what its answers mean.

    2xx                                      taken; recipients refused for good are named in the receipt
    4xx to anything, one recipient included  TryLater, and nobody has been sent anything: no twin for the others
    5xx to all recipients, or to the sender, the message, the connection   Rejected
    unreachable, unknown host, reset, cut off, silent, garbled             TryLater; after the message, a twin may arise
    certificate or handshake fails           TryLater: it is mended at the server, nothing here need change
    STARTTLS required and not offered        Rejected: the settings or the server are wrong, or someone is in between

Nothing else is raised. What is a person's to mend is Rejected; what mends itself or at the server is TryLater.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

from pydantic import BaseModel

from engine.spi import (
    DeliveryPolicy,
    DocumentView,
    Parcel,
    PluginContext,
    Receipt,
    Rejected,
    StepState,
    TestReport,
    TestStep,
    TryLater,
)
from plugins.email_smtp.addresses import one_line, sorted_out, split
from plugins.email_smtp.mapping import compose
from plugins.email_smtp.settings import EmailSettings


class EmailChannel:
    """Channel `email`. A second hand-over of a parcel makes a second mail with the same Message-ID.

    `tls` makes the context that checks the server's certificate; tests pass their own.
    """

    name = "email"
    settings_model: type[BaseModel] = EmailSettings

    def __init__(self, tls: Callable[[], ssl.SSLContext] = ssl.create_default_context) -> None:
        self._tls = tls

    def policy_of(self, settings: EmailSettings) -> DeliveryPolicy:
        return DeliveryPolicy.AT_LEAST_ONCE

    def recipients(self, document: DocumentView) -> tuple[str, ...]:
        """The addresses in the partner's e-mail field."""
        return sorted_out(split(document.partner.email))[0]

    def test(self, settings: EmailSettings, context: PluginContext) -> TestReport:
        """Greet the server and offer it a mail from our own address to it; take that back before anything is sent."""
        try:
            return TestReport(tuple(_tried(settings, self._tls)))
        except (TryLater, Rejected) as wrong:
            return TestReport((TestStep("server", StepState.FAIL, wrong.reason, "refused", "correct the settings"),))

    def deliver(self, parcel: Parcel, context: PluginContext) -> Receipt:
        """Send one mail to all recipients. What is no address is left out and named in the receipt."""
        settings: EmailSettings = parcel.settings
        addresses, unreadable = sorted_out(parcel.recipients)
        refused = dict.fromkeys(unreadable, "not an e-mail address")
        if not addresses:
            raise Rejected(f"no recipient with an e-mail address{_listed(refused)}", refused)
        message = compose(parcel)
        message["Date"] = context.now()
        words = _send(settings, self._tls, addresses, message.as_bytes(), refused)
        return Receipt(str(message["Message-ID"]), one_line(words, 300) + _listed(refused))


def _send(
    settings: EmailSettings,
    tls: Callable[[], ssl.SSLContext],
    addresses: tuple[str, ...],
    content: bytes,
    refused: dict[str, str],
) -> str:
    """One mail; returns the server's last word and adds to `refused`. Raises TryLater or Rejected only."""
    with _talking(settings, tls) as conversation:
        return _transaction(conversation, settings.sender_address, addresses, content, refused)


def _tried(settings: EmailSettings, tls: Callable[[], ssl.SSLContext]) -> Iterator[TestStep]:
    with _talking(settings, tls) as conversation:
        secure = settings.starttls == "required"
        yield TestStep("server", StepState.OK, "it greets us" + (", and proved its name over TLS" if secure else ""))
        for step, ask in (("sender", conversation.mail), ("recipient", conversation.rcpt)):
            code, words = ask(settings.sender_address)
            state = StepState.OK if code // 100 == 2 else StepState.WARN if code // 100 == 4 else StepState.FAIL
            said = _said(code, words)
            hint = "use an address that this server sends for"
            yield TestStep(step, state, said) if state is StepState.OK else TestStep(step, state, said, "refused", hint)
        conversation.rset()


@contextmanager
def _talking(settings: EmailSettings, tls: Callable[[], ssl.SSLContext]) -> Iterator[smtplib.SMTP]:
    """A conversation with the server, greeted and encrypted as set. Raises TryLater or Rejected only."""
    server, overdue = f"{settings.host}:{settings.port}", threading.Event()
    try:
        with closing(_Conversation(settings, overdue)) as conversation:
            if settings.starttls == "required":
                conversation.starttls(context=tls())
            conversation.ehlo_or_helo_if_needed()
            try:
                yield conversation
            finally:
                with suppress(OSError):  # taken is taken and refused is refused, however the good-bye goes
                    conversation.docmd("QUIT")
    except smtplib.SMTPNotSupportedError as cause:
        raise Rejected(f"{server} offers no STARTTLS, which this connection requires; nothing was sent") from cause
    except smtplib.SMTPResponseException as cause:
        raise _verdict(f"{server} refused {_step(cause)}", cause.smtp_code, cause.smtp_error) from cause
    except ssl.SSLCertVerificationError as cause:
        raise TryLater(f"{server} did not prove its name: {one_line(cause.verify_message)}") from cause
    except OSError as cause:  # of the network, TLS, or smtplib's SMTPServerDisconnected
        if overdue.is_set() or isinstance(cause, TimeoutError) or isinstance(cause.__context__, TimeoutError):
            raise TryLater(f"{server} was not done within {settings.timeout:g} s") from cause
        raise TryLater(f"{server} cannot be talked to: {one_line(str(cause)) or type(cause).__name__}") from cause


def _transaction(
    conversation: smtplib.SMTP, sender: str, addresses: tuple[str, ...], content: bytes, refused: dict[str, str]
) -> str:
    """MAIL, RCPT for each, DATA. Not smtplib.sendmail: it sends to some when others should be tried later."""
    size = [f"SIZE={len(content)}"] if conversation.has_extn("size") else []
    code, words = conversation.mail(sender, size)
    if code // 100 != 2:
        raise smtplib.SMTPSenderRefused(code, words, sender)
    taken = 0
    for address in addresses:
        code, words = conversation.rcpt(address)
        if code // 100 == 5:
            refused[address] = _said(code, words)
        elif code // 100 == 2:
            taken += 1
        else:
            raise _verdict(f"the server wants {address} later, so nobody was sent anything", code, words)
    if not taken:
        raise Rejected(f"no recipient was accepted{_listed(refused)}", refused)
    code, words = conversation.data(content)
    if code // 100 != 2:
        raise smtplib.SMTPDataError(code, words)
    return _said(code, words)


class _Conversation(smtplib.SMTP):
    """smtplib's time-out is per read, so a server that drips holds us for ever; this one ends as a whole."""

    def __init__(self, settings: EmailSettings, overdue: threading.Event) -> None:
        self._overdue = overdue
        self._line: socket.socket | None = None
        self._end = threading.Timer(settings.timeout, self._cut)
        self._end.daemon = True
        super().__init__(settings.host, settings.port, settings.local_hostname or None, settings.timeout)

    def connect(self, host: str = "localhost", port: int = 0, source_address: Any = None) -> tuple[int, bytes]:
        self.sock = socket.create_connection((host, port), self.timeout, source_address)
        self._line = self.sock.dup()  # stays good when STARTTLS takes `sock` over
        self.file = None
        self._end.start()
        return self.getreply()

    def close(self) -> None:
        self._end.cancel()
        super().close()
        if self._line is not None:
            self._line.close()

    def _cut(self) -> None:
        self._overdue.set()
        if self._line is not None:
            with suppress(OSError):
                self._line.shutdown(socket.SHUT_RDWR)


def _step(cause: smtplib.SMTPResponseException) -> str:
    steps = {
        smtplib.SMTPConnectError: "the connection",
        smtplib.SMTPHeloError: "our greeting",
        smtplib.SMTPSenderRefused: "the sender",
        smtplib.SMTPDataError: "the message",
    }
    return steps.get(type(cause), "STARTTLS")


def _verdict(what: str, code: int, words: bytes | str) -> TryLater | Rejected:
    said = _said(code, words)
    return Rejected(f"{what}: {said}", {"code": str(code)}) if code // 100 == 5 else TryLater(f"{what}: {said}")


def _said(code: int, words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return f"{code} {one_line(text)}".rstrip()


def _listed(refused: dict[str, str]) -> str:
    return f"; refused: {', '.join(f'{who} ({why})' for who, why in refused.items())}" if refused else ""
