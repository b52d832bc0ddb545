"""Mail servers that go wrong on purpose: a `Mailbox` that refuses, and servers that do not speak SMTP properly."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.edge.cli.mailbox import Mailbox

if TYPE_CHECKING:
    from aiosmtpd.smtp import SMTP, Envelope, Session

HANG = "hang"  # never answer
DISCONNECT = "disconnect"  # end the connection
RESET = "reset"  # end it with a TCP reset


class RefusingMailbox(Mailbox):
    """Answers as told: an SMTP reply such as `550 5.1.1 no such user`, or HANG, DISCONNECT, RESET.

    `login` is the user and password that it takes; `implicit` begins with TLS instead of STARTTLS. `recipients` by
    address; `sender`, `data` (the mail is dropped) and `kept` (the mail is kept first) for every mail.
    """

    def __init__(
        self,
        folder: Path,
        *,
        recipients: Mapping[str, str] | None = None,
        sender: str = "",
        data: str = "",
        kept: str = "",
        quit: str = "",
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
        login: tuple[str, str] | None = None,
    ) -> None:
        super().__init__(folder)
        self._recipients, self._sender, self._data, self._kept, self._quit = recipients or {}, sender, data, kept, quit
        self.options = {"tls_context": tls} if tls and not implicit else {}
        self.encrypted = tls if implicit else None
        if login:
            asked = {"authenticator": partial(_known, login), "auth_required": True, "auth_require_tls": not implicit}
            self.options = {**self.options, **asked}

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._sender:
            return await self._say(server, self._sender)
        envelope.mail_from = address
        return "250 2.1.0 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self._recipients:
            return await self._say(server, self._recipients[address])
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self._data:
            return await self._say(server, self._data)
        self._keep(envelope)
        return await self._say(server, self._kept or "250 2.0.0 Ok: queued as 4XyZ")

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        return await self._say(server, self._quit or "221 2.0.0 bye")

    async def _say(self, server: SMTP, answer: str) -> str:
        transport = server.transport
        if answer in (DISCONNECT, RESET) and isinstance(transport, asyncio.WriteTransport):
            if answer == RESET:
                line = transport.get_extra_info("socket")
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            transport.abort()
        if answer in (HANG, DISCONNECT, RESET):
            await asyncio.Event().wait()  # cancelled when the connection or the mailbox ends
        return answer


def _known(login: tuple[str, str], server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> Any:
    """Whether a login is the one. Refused ones must be `handled=False`: else aiosmtpd does not answer at all."""
    from aiosmtpd.smtp import AuthResult

    told = (given.login.decode(), given.password.decode()) if hasattr(given, "login") else ()
    return AuthResult(success=told == login, handled=False)


@contextmanager
def scripted(*replies: str, endlessly: str = "", heard: list[str] | None = None) -> Iterator[int]:
    """A server for one conversation: says its first reply on connection, then one per line it hears; its port.

    What it hears is added to `heard`. `endlessly` is repeated from then on without waiting to be asked, until the
    client has gone; after ten seconds it hangs up, so that a client without patience of its own fails its test instead
    of stopping it.
    """
    over = threading.Event()

    def serve(listener: socket.socket) -> None:
        with suppress(OSError), listener.accept()[0] as line, line.makefile("rb") as listening:
            for number, reply in enumerate(replies):
                if number:
                    told = listening.readline()
                    if not told:
                        return
                    if heard is not None:
                        heard.append(told.decode("latin-1").rstrip())
                line.sendall(reply.encode("latin-1") + b"\r\n")
            for _ in range(500 if endlessly else 0):
                if over.wait(0.02):
                    return
                line.sendall(endlessly.encode("latin-1") + b"\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            over.set()
            with suppress(OSError):  # wakes a server nobody has come to
                socket.create_connection(listener.getsockname(), 1).close()
            thread.join()


@contextmanager
def silent() -> Iterator[int]:
    """A port that takes the connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield int(listener.getsockname()[1])


def closed_port() -> int:
    """A port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
