"""The mailbox that mail comes back to: read over IMAP, each mail once; left where it is, or moved when it is read.

What is no report of a mail of ours stays where it is, unread as it was: people write to that address too. A cursor,
kept with the connection, tells where we stopped; a mail is passed only when the engine has taken what it says.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.spi import (
    AuthExpired,
    ConfigError,
    DeliveryEvent,
    PluginContext,
    StepState,
    TestStep,
    TransientError,
    imap_at,
)
from plugins.email_smtp.addresses import one_line
from plugins.email_smtp.bounces import MOST, Returned, read
from plugins.email_smtp.settings import EmailSettings

if TYPE_CHECKING:
    import imaplib

    from imap_tools import BaseMailBox

Tls = Callable[[], ssl.SSLContext]
MOST_MAILS = 2000
"""Looked at in one go; the rest the next time."""


def events(
    settings: EmailSettings, context: PluginContext, tls: Callable[[], ssl.SSLContext]
) -> Iterator[DeliveryEvent]:
    """What is new in the mailbox. Errors: AuthExpired, ConfigError, TransientError."""
    if not settings.imap_host:
        return
    with _open(settings, context, tls) as box:
        valid = box.folder.status(settings.imap_folder, ["UIDVALIDITY"])["UIDVALIDITY"]
        kept = context.state.get()
        last = int(kept["imap_last"]) if kept.get("imap_valid") == valid else 0
        for uid in sorted(int(one) for one in box.uids(f"UID {last + 1}:*"))[:MOST_MAILS]:
            if uid <= last:  # `n:*` always names the last one
                continue
            found = read(_mail(box, uid), settings.bounce_address)
            for one in found:
                yield _event(one, settings, context.now())
            if found and settings.imap_done:
                box.move(str(uid), settings.imap_done)
            before = context.state.get()
            context.state.put(before, {**before, "imap_valid": valid, "imap_last": uid})


def tried(settings: EmailSettings, context: PluginContext, tls: Tls) -> Iterator[TestStep]:
    """The steps of a test: log in, open the folder, and see that mail can be moved to where it is to go."""
    if not settings.imap_host:
        return
    with _open(settings, context, tls) as box:
        count = box.folder.status(settings.imap_folder, ["MESSAGES"])["MESSAGES"]
        yield TestStep("mailbox", StepState.OK, f"{settings.imap_folder} holds {count}")
        if settings.imap_done:
            there = box.folder.exists(settings.imap_done)
            words = f"{settings.imap_done} is there" if there else f"there is no folder {settings.imap_done}"
            hint = "" if there else "make it in the mailbox"
            yield TestStep("done", StepState.OK if there else StepState.FAIL, words, "" if there else "no_folder", hint)


def _event(one: Returned, settings: EmailSettings, now: datetime) -> DeliveryEvent:
    reference = one.message_id or (f"<{one.mark}@{settings.sender_address.rpartition('@')[2]}>" if one.mark else "")
    at = min(one.at, now) if one.at else now
    return DeliveryEvent(one.id, one.kind, one.mark, reference, one.recipient, one.words, at, one.code)


def _mail(box: BaseMailBox, uid: int) -> bytes:
    """The beginning of a mail, its flags untouched."""
    answer: Any = box.client.uid("fetch", str(uid), f"(BODY.PEEK[]<0.{MOST}>)")[1]
    return next((bytes(one[1]) for one in answer or () if isinstance(one, tuple)), b"")


@contextmanager
def _open(settings: EmailSettings, context: PluginContext, tls: Tls) -> Iterator[BaseMailBox]:
    import imaplib

    from imap_tools import MailboxFolderSelectError, MailboxLoginError
    from imap_tools.errors import ImapToolsError

    server = f"{settings.imap_host}:{settings.imap_port}"
    try:
        box = _box(settings, context.network.address(settings.imap_host, settings.imap_port), tls)
        secret = settings.imap_password.get_secret_value() if settings.imap_password else ""
        with box.login(settings.imap_user, secret, initial_folder=settings.imap_folder):
            yield box
    except MailboxLoginError as cause:
        raise AuthExpired(f"{server} refused our login to the mailbox: {one_line(str(cause), 300)}") from cause
    except MailboxFolderSelectError as cause:
        raise ConfigError(f"{server} has no folder {settings.imap_folder}") from cause
    except ssl.SSLCertVerificationError as cause:
        raise TransientError(f"{server} did not prove its name: {one_line(cause.verify_message)}") from cause
    except (OSError, ImapToolsError, imaplib.IMAP4.error) as cause:
        raise TransientError(f"{server} cannot be read: {one_line(str(cause), 300) or type(cause).__name__}") from cause


def _box(settings: EmailSettings, address: str, tls: Tls) -> BaseMailBox:
    """A mailbox at an address that was checked; the server proves the name that was set."""
    from imap_tools import MailBoxUnencrypted

    class Box(MailBoxUnencrypted):
        def _get_mailbox_client(self) -> imaplib.IMAP4:
            given = settings.imap_host, settings.imap_port, settings.imap_tls, settings.timeout
            return imap_at(address, *given, tls)

    return Box(settings.imap_host, settings.imap_port, settings.timeout)
