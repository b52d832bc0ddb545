"""The conversation with the SMTP server, and what its answers mean.

    2xx                                      taken
    4xx to a recipient                       that one later; the others get it
    5xx to a recipient                       that one never; the others get it
    4xx to the sender, the message           TryLater, nobody has been sent anything
    4xx or 5xx to all recipients             nothing is sent, to copies neither
    5xx to the sender, the message, the connection                         Rejected
    530, 534, 535, 538: our login is missing or refused                    AuthExpired
    unreachable, unknown host, reset, cut off, silent, garbled             TransientError; once the message is on its
                                                                           way OutcomeUnknown
    certificate or handshake fails           TransientError: it is mended at the server, nothing here need change
    an address that may not be reached       ConfigError: the installation allows networks of its own
    TLS or AUTH wanted and not offered       ConfigError: the settings or the server are wrong, or someone is in between

Nothing else is raised. What is a person's to mend is Rejected; what mends itself or at the server is TryLater.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from engine.spi import AuthExpired, ConfigError, Network, OutcomeUnknown, PluginError, Rejected, TransientError
from plugins.email_smtp.addresses import one_line
from plugins.email_smtp.settings import EmailSettings

Tls = Callable[[], ssl.SSLContext]
LOGIN = frozenset({530, 534, 535, 538})
"""RFC 4954: authentication required, too weak, refused, or to be encrypted."""
_DOT = re.compile(rb"^\.", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the server is told of a mail: who gets it, who hears when it fails. `mark` names it in reports."""

    sender: str
    recipients: tuple[str, ...]  # without one of these it is not sent
    copies: tuple[str, ...]
    mark: str


@dataclass(slots=True)
class Taken:
    """The server's last word, and whom it did not take it for."""

    words: str = ""
    refused: dict[str, str] = field(default_factory=dict)
    later: dict[str, str] = field(default_factory=dict)


@contextmanager
def talking(settings: EmailSettings, tls: Tls, network: Network) -> Iterator[smtplib.SMTP]:
    """A conversation with the server, greeted, encrypted and logged in as set. Raises PluginErrors only."""
    server, overdue = f"{settings.host}:{settings.port}", threading.Event()
    try:
        address = network.address(settings.host, settings.port)
        with closing(_Conversation(settings, address, overdue, tls)) as conversation:
            if settings.starttls == "required" and not settings.implicit_tls:
                conversation.starttls(context=tls())
            conversation.ehlo_or_helo_if_needed()
            if settings.user and settings.password:
                conversation.login(settings.user, settings.password.get_secret_value())
            try:
                yield conversation
            finally:
                with suppress(OSError):  # taken is taken and refused is refused, however the good-bye goes
                    conversation.docmd("QUIT")
    except OutcomeUnknown as cause:
        why = _lost(server, settings, overdue, TimeoutError()) if overdue.is_set() else cause
        raise OutcomeUnknown(f"{why.reason}; it may have taken the message") from cause
    except smtplib.SMTPNotSupportedError as cause:
        wanted = "STARTTLS" if "STARTTLS" in str(cause) else "a login that we can use"
        raise ConfigError(f"{server} offers no {wanted}, which this connection requires; nothing was sent") from cause
    except smtplib.SMTPResponseException as cause:
        raise verdict(f"{server} refused {_step(cause)}", cause.smtp_code, cause.smtp_error) from cause
    except smtplib.SMTPServerDisconnected as cause:
        raise _lost(server, settings, overdue, cause) from cause
    except smtplib.SMTPException as cause:  # no mechanism that both sides know
        raise ConfigError(f"{server} offers no login that we can use: {one_line(str(cause))}") from cause
    except ssl.SSLCertVerificationError as cause:
        raise TransientError(f"{server} did not prove its name: {one_line(cause.verify_message)}") from cause
    except OSError as cause:  # of the network or TLS
        raise _lost(server, settings, overdue, cause) from cause


def send(conversation: smtplib.SMTP, envelope: Envelope, content: bytes) -> Taken:
    """MAIL, RCPT for each, DATA. Not smtplib.sendmail: it does not tell who is refused from who comes later."""
    taken, dsn = Taken(), conversation.has_extn("dsn")
    options = [f"SIZE={len(content)}"] if conversation.has_extn("size") else []
    options += ["RET=HDRS", f"ENVID={envelope.mark}"] if dsn else []
    code, words = conversation.mail(envelope.sender, options)
    if code // 100 != 2:
        raise smtplib.SMTPSenderRefused(code, words, envelope.sender)
    reached = False
    for address in (*envelope.recipients, *envelope.copies):
        code, words = conversation.rcpt(address, ["NOTIFY=FAILURE,DELAY"] if dsn else [])
        if code == 421 or code in LOGIN:
            raise verdict(f"the server broke off at {address}", code, words)
        if code // 100 == 2:
            reached = reached or address in envelope.recipients
        else:
            (taken.refused if code // 100 == 5 else taken.later)[address] = said(code, words)
    if reached:
        taken.words = _data(conversation, content)
        return taken
    those = taken.later if any(one in taken.later for one in envelope.recipients) else taken.refused
    others = (one for one in envelope.copies if one not in taken.refused)
    those.update(dict.fromkeys(others, "nothing was sent: no recipient was accepted"))
    taken.words = "nothing was sent: no recipient was accepted"
    return taken


def _data(conversation: smtplib.SMTP, content: bytes) -> str:
    """The message itself. Once it is on its way nobody knows, until the server says."""
    code, words = conversation.docmd("DATA")
    if code != 354:
        raise smtplib.SMTPDataError(code, words)
    whole = _DOT.sub(b"..", content)
    try:
        conversation.send(whole + (b"" if whole.endswith(b"\r\n") else b"\r\n") + b".\r\n")
        code, words = conversation.getreply()
    except OSError as cause:
        raise OutcomeUnknown(f"cut off while the server had the message: {one_line(str(cause))}") from cause
    if code // 100 != 2:
        raise smtplib.SMTPDataError(code, words)
    return said(code, words)


class _Conversation(smtplib.SMTP):
    """With an address that was checked; the server proves the name that was set.

    smtplib's time-out is per read, so a server that drips holds us for ever; this one ends as a whole.
    """

    def __init__(self, settings: EmailSettings, address: str, overdue: threading.Event, tls: Tls) -> None:
        self._address, self._overdue, self._tls = address, overdue, tls if settings.implicit_tls else None
        self._line: socket.socket | None = None
        self._end = threading.Timer(settings.timeout, self._cut)
        self._end.daemon = True
        super().__init__(settings.host, settings.port, settings.local_hostname or None, settings.timeout)

    def connect(self, host: str = "localhost", port: int = 0, source_address: Any = None) -> tuple[int, bytes]:
        self.sock = socket.create_connection((self._address, port), self.timeout, source_address)
        self._line = self.sock.dup()  # stays good when TLS takes `sock` over
        self._end.start()
        self.file = None
        if self._tls is not None:
            try:
                self.sock = self._tls().wrap_socket(self.sock, server_hostname=host)
            except OSError:
                self.close()
                raise
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


def _lost(server: str, settings: EmailSettings, overdue: threading.Event, cause: OSError) -> TransientError:
    if overdue.is_set() or isinstance(cause, TimeoutError) or isinstance(cause.__context__, TimeoutError):
        return TransientError(f"{server} was not done within {settings.timeout:g} s")
    return TransientError(f"{server} cannot be talked to: {one_line(str(cause)) or type(cause).__name__}")


def _step(cause: smtplib.SMTPResponseException) -> str:
    steps = {
        smtplib.SMTPConnectError: "the connection",
        smtplib.SMTPHeloError: "our greeting",
        smtplib.SMTPAuthenticationError: "our login",
        smtplib.SMTPSenderRefused: "the sender",
        smtplib.SMTPDataError: "the message",
    }
    return steps.get(type(cause), "STARTTLS")


def verdict(what: str, code: int, words: bytes | str) -> PluginError:
    told = f"{what}: {said(code, words)}"
    if code in LOGIN:
        return AuthExpired(told)
    return Rejected(told, {"code": str(code)}) if code // 100 == 5 else TransientError(told)


def said(code: int, words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return f"{code} {one_line(text)}".rstrip()


def listed(refused: dict[str, str]) -> str:
    return f"; refused: {', '.join(f'{who} ({why})' for who, why in refused.items())}" if refused else ""
