"""A mail server of our own for `factotum demo` and tests: it takes every mail and keeps it in a folder.

It listens on 127.0.0.1 only, on a free port, in a thread of its own; nothing is sent on.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Mapping
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import ssl

    from aiosmtpd.smtp import SMTP, Envelope, Session

_UNREADABLE = re.compile(r"[^\w@.+-]+")


class Mailbox:
    """Use as a context manager: `with Mailbox(folder) as mailbox: ... mailbox.port ... mailbox.messages`.

    It is its own aiosmtpd handler; a subclass refuses what it likes with more `handle_…` methods. aiosmtpd's
    `Controller` is not used: with port 0 its start connects to port 0 and fails, and it never tells the real port.
    """

    host = "127.0.0.1"
    options: Mapping[str, Any] = {}  # of aiosmtpd.smtp.SMTP, such as tls_context
    encrypted: ssl.SSLContext | None = None  # TLS from the first sign on

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0  # known once it listens
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over: asyncio.Event | None = None
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="mailbox", daemon=True)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            self._thread.join()
            raise self._failure
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop is not None and self._over is not None:
            self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    @property
    def messages(self) -> tuple[EmailMessage, ...]:
        """What lies in the folder, by file name. `Return-Path` and `Delivered-To` tell the envelope."""
        found = sorted(self.folder.glob("*.eml"), key=lambda path: path.stem)
        return tuple(message_from_bytes(path.read_bytes(), policy=default) for path in found)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self._keep(envelope)
        return "250 2.0.0 kept"

    def _keep(self, envelope: Envelope) -> None:
        """One file per mail, whole or not there. Only the server's thread writes."""
        mail = envelope.original_content or b""
        to = ", ".join(envelope.rcpt_tos)
        mark = f"Return-Path: <{envelope.mail_from}>\r\nDelivered-To: {to}\r\n".encode("utf-8", "surrogateescape")
        part = self.folder / "arriving.part"
        part.write_bytes(mark + mail)
        part.rename(self._free(_name(envelope.rcpt_tos[0], mail)))

    def _free(self, name: str) -> Path:
        path, twin = self.folder / f"{name}.eml", 1
        while path.exists():
            twin += 1
            path = self.folder / f"{name}-{twin}.eml"
        return path

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as failure:  # told to whoever waits in __enter__
            self._failure = failure
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        from aiosmtpd.smtp import SMTP  # only the demo and tests need it; other commands start without

        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()

        def answer() -> SMTP:
            return SMTP(self, hostname="localhost", ident="Factotum mailbox", **self.options)

        server = await self._loop.create_server(answer, self.host, 0, ssl=self.encrypted)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._over.wait()
        server.close()  # conversations still open are cancelled as the loop ends


def _name(recipient: str, mail: bytes) -> str:
    """`anna@client.example_Facture-FV-2026-00007`: whom and what, so the same mail always gets the same name."""
    subject = str(message_from_bytes(mail, policy=default)["Subject"] or "no subject")
    readable = (_UNREADABLE.sub("-", text).strip("-.")[:80] for text in (recipient, subject))
    return "_".join(readable)
