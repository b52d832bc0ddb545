"""Mail read over IMAP. It is moved or flagged only after the engine has kept its files; until then it stays as it is.

Mail that is not let in stays where it lies, unread as it was: people write to that address too. Two mails may have one
Message-ID: the id we give holds what was read as well, and only what was read is moved.
"""

from __future__ import annotations

import hashlib
import imaplib
import re
import ssl
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from engine.spi import (
    AuthExpired,
    ConfigError,
    File,
    Incoming,
    PluginContext,
    PluginError,
    StepState,
    TestReport,
    TestStep,
    TransientError,
    imap_at,
)
from plugins.inbox_imap import attachments
from plugins.inbox_imap.attachments import Mail

if TYPE_CHECKING:
    from imap_tools import BaseMailBox
    from pydantic import BaseModel

    from plugins.inbox_imap.settings import MailboxSettings

TAKEN, REFUSED = "$FactotumTaken", "$FactotumRefused"
"""Keywords of mail that stays where it is, with `after` flag."""
MOST_MAILS = 500
"""At one fetch; the others come next time."""
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
_NO_ID = re.compile(r"uid:(\d+):(\d+)")
Tls = Callable[[], ssl.SSLContext]


class MailSource:
    name = "inbox_imap"

    def __init__(self, tls: Tls = ssl.create_default_context) -> None:
        self._tls = tls

    @property
    def settings_model(self) -> type[BaseModel]:
        from plugins.inbox_imap.settings import MailboxSettings

        return MailboxSettings

    def test(self, settings: MailboxSettings, context: PluginContext) -> TestReport:
        """Log in, open the folder, see that mail can be moved or flagged. Nothing is changed."""
        steps: list[TestStep] = []
        try:
            with self._open(settings, context) as box:
                steps.append(TestStep("login", StepState.OK, f"logged in as {settings.user}"))
                count = box.folder.status(settings.folder, ["MESSAGES"])["MESSAGES"]
                steps.append(TestStep("folder", StepState.OK, f"{settings.folder} holds {count}"))
                for name in (settings.taken, settings.refused) if settings.after == "move" else ():
                    if not box.folder.exists(name):
                        words = f"there is no folder {name}; it is made when it is needed"
                        steps.append(TestStep("move", StepState.WARN, words, "no_folder"))
        except AuthExpired as refused:
            steps.append(TestStep("login", StepState.FAIL, refused.reason, "bad_secret", "mend user or password"))
        except ConfigError as wrong:
            steps.append(TestStep("folder", StepState.FAIL, wrong.reason, "bad_setting", "mend the setting"))
        except PluginError as error:
            steps.append(TestStep("connect", StepState.FAIL, error.reason, "unreachable", "mend host, port or tls"))
        return TestReport(tuple(steps), settings.user)

    def fetch(self, settings: MailboxSettings, context: PluginContext) -> Iterable[Incoming]:
        """Errors: AuthExpired, ConfigError, TransientError."""
        with self._open(settings, context) as box:
            valid = box.folder.status(settings.folder, ["UIDVALIDITY"])["UIDVALIDITY"]
            wanted = "ALL" if settings.after == "move" else f"UNKEYWORD {TAKEN} UNKEYWORD {REFUSED}"
            yielded = 0
            for uid in sorted(box.uids(wanted), key=int):
                mail = attachments.head(_part(box, uid, "BODY.PEEK[HEADER]")[0])
                if settings.lets_in(mail.sender, mail.subject):
                    yield self._incoming(box, uid, mail, f"uid:{valid}:{uid}")
                    yielded += 1
                if yielded == MOST_MAILS:
                    return

    def _incoming(self, box: BaseMailBox, uid: str, mail: Mail, otherwise: str) -> Incoming:
        """What was not read whole brings nothing, so that it is refused and a person looks at it."""
        found, why = _files(box, uid)
        if why:
            return Incoming(otherwise, (), mail.sender, f"{mail.subject}: {why}")
        return Incoming(_id(mail, found) if mail.id else otherwise, found, mail.sender, mail.subject)

    def done(
        self, incoming: Incoming, taken: bool, words: str, settings: MailboxSettings, context: PluginContext
    ) -> None:
        """Every mail of this id is moved or flagged: a twin with the same files says nothing new."""
        with self._open(settings, context) as box:
            uids = self._named(box, incoming.id, settings)
            if not uids:
                return
            if settings.after == "flag":
                box.flag(uids, TAKEN if taken else REFUSED, True)
                return
            folder = settings.taken if taken else settings.refused
            if not box.folder.exists(folder):
                box.folder.create(folder)
            box.move(uids, folder)

    def _named(self, box: BaseMailBox, id: str, settings: MailboxSettings) -> list[str]:
        if found := _NO_ID.fullmatch(id):
            valid = box.folder.status(settings.folder, ["UIDVALIDITY"])["UIDVALIDITY"]
            return [found[2]] if int(found[1]) == valid else []
        quoted = re.sub(r'[^\x20-\x7e]|["\\]', "", id.rpartition("#")[0])
        return [uid for uid in box.uids(f'HEADER Message-ID "{quoted}"') if _is(box, uid, id, settings)]

    @contextmanager
    def _open(self, settings: MailboxSettings, context: PluginContext) -> Iterator[BaseMailBox]:
        from imap_tools import MailboxFolderSelectError, MailboxLoginError
        from imap_tools.errors import ImapToolsError

        server = f"{settings.host}:{settings.port}"
        try:
            box = _box(settings, context.network.address(settings.host, settings.port), self._tls)
            with box.login(settings.user, settings.password.get_secret_value(), initial_folder=settings.folder):
                yield box
        except MailboxLoginError as cause:
            raise AuthExpired(f"{server} refused our login: {_words(cause)}") from cause
        except MailboxFolderSelectError as cause:
            raise ConfigError(f"{server} has no folder {settings.folder}") from cause
        except ssl.SSLCertVerificationError as cause:
            raise TransientError(f"{server} did not prove its name: {cause.verify_message}") from cause
        except (OSError, ImapToolsError, imaplib.IMAP4.error) as cause:
            raise TransientError(f"{server} cannot be read: {_words(cause)}") from cause


def _box(settings: MailboxSettings, address: str, tls: Tls) -> BaseMailBox:
    """A mailbox at an address that was checked; the server proves the name that was typed."""
    from imap_tools import MailBoxUnencrypted

    class Box(MailBoxUnencrypted):
        def _get_mailbox_client(self) -> imaplib.IMAP4:
            return imap_at(address, settings.host, settings.port, settings.tls, settings.timeout, tls)

    return Box(settings.host, settings.port, settings.timeout)


def _part(box: BaseMailBox, uid: str, what: str) -> tuple[bytes, int]:
    """(bytes, size) of a mail; flags stay as they are."""
    answer: Any = box.client.uid("fetch", uid, f"({what})")[1]
    content = next((bytes(one[1]) for one in answer or () if isinstance(one, tuple)), b"")
    told = b" ".join(one if isinstance(one, bytes) else one[0] for one in answer or () if one)
    size = _SIZE.search(told)
    return content, int(size[1]) if size else len(content)


def _files(box: BaseMailBox, uid: str) -> tuple[tuple[File, ...], str]:
    """(files, why not all)"""
    size = _part(box, uid, "RFC822.SIZE")[1]
    if size > attachments.MOST_BYTES:
        return (), f"the mail has {size} bytes; {attachments.MOST_BYTES} are allowed"
    return attachments.files(_part(box, uid, "BODY.PEEK[]")[0])


def _id(mail: Mail, found: Iterable[File]) -> str:
    """Its Message-ID and what was read of it: the same for a twin, another for a mail that only has the same id."""
    said = [(one.name, hashlib.sha256(one.content).hexdigest()) for one in found]
    return f"{mail.id}#{hashlib.sha256(repr(said).encode()).hexdigest()[:16]}"


def _is(box: BaseMailBox, uid: str, id: str, settings: MailboxSettings) -> bool:
    """Whether this is the mail that was read under an id."""
    mail = attachments.head(_part(box, uid, "BODY.PEEK[HEADER]")[0])
    if not id.startswith(f"{mail.id}#") or not settings.lets_in(mail.sender, mail.subject):
        return False
    found, why = _files(box, uid)
    return not why and _id(mail, found) == id


def _words(cause: object) -> str:
    return " ".join(str(cause).split())[:300] or type(cause).__name__
