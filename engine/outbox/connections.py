"""Connections: a plugin's settings at this installation, and whether they may be used.

    configure → test → activate for companies → in use ⇄ paused        an edit takes it back to configured

Only what passed the test with the very settings it has now can be active. What is in use is tested again each day; one
that fails three days in a row is degraded: still used, for its deliveries may get through all the same, and shown.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from engine.kernel.errors import EngineError
from engine.outbox.vault import Sealed, Vault
from engine.outbox.words import wrong_settings
from engine.spi.contracts import AuthExpired, Network, PluginContext, TryLater

if TYPE_CHECKING:
    from pydantic import BaseModel

CONFIGURED, ACTIVE, PAUSED, NEEDS_REAUTH = "configured", "active", "paused", "needs_reauth"
DEGRADED = "degraded"
IN_USE = frozenset({ACTIVE, DEGRADED})
TESTED_EVERY, FAILURES = timedelta(days=1), 3
ALL = ""
"""The company of an activation that holds for every one."""
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Connection:
    """One connection as it is kept. `channel` names what it is for: a channel, provider, source or archive store."""

    code: str
    channel: str
    settings: Mapping[str, Any]  # without secrets
    state: str = CONFIGURED
    detail: str = ""
    settings_hash: str = ""
    tested_hash: str = ""
    tested_at: datetime | None = None
    report: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, Sealed] = field(default_factory=dict)
    companies: frozenset[str] = frozenset()

    @property
    def tested(self) -> bool:
        return bool(self.tested_hash) and self.tested_hash == self.settings_hash

    @property
    def in_use(self) -> bool:
        """Whether it is used for anybody."""
        return self.state in IN_USE and self.tested

    def due_for_test(self, now: datetime) -> bool:
        return self.in_use and self.tested_at is not None and self.tested_at + TESTED_EVERY <= now

    def tested_again(self, report: Row) -> Connection:
        """After a daily test, which one failure does not undo: a network has its days. `report` is what it told."""
        if report["passed"]:
            return replace(self, report=report, state=ACTIVE, detail="")
        failed = int(self.report.get("failed", 0)) + 1
        words = next((one["words"] for one in report["steps"] if one["state"] == "fail"), "")
        told = replace(self, report={**report, "failed": failed})
        if failed < FAILURES:
            return told
        return replace(told, state=DEGRADED, detail=f"failed its daily test {failed} times in a row: {words}")

    def unusable(self, company: str) -> str:
        """Why it is not used for a company, in words; "" when it is."""
        called = f"connection {self.code}"
        if self.state == PAUSED:
            return f"{called} is paused{f': {self.detail}' if self.detail else ''}"
        if self.state == NEEDS_REAUTH:
            return f"{called} needs a new login: {self.detail}"
        if not self.tested:
            return f"{called} is not tested as it is now: `factotum plugin test {self.code}`"
        if self.state not in IN_USE or not self.companies & {ALL, company}:
            return f"{called} is not active for {company}: `factotum plugin activate {self.code} --company {company}`"
        return ""


def settings_hash(settings: Mapping[str, Any], secrets: Mapping[str, Sealed]) -> str:
    """What a test is valid for. Of secrets only what is stored anyway goes in."""
    told = [settings, sorted((name, one.key_id, one.text) for name, one in secrets.items())]
    return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def secret_fields(model: type[BaseModel]) -> frozenset[str]:
    """The fields of type SecretStr."""
    return frozenset(name for name, one in model.model_fields.items() if "SecretStr" in str(one.annotation))


class ConnectionStore(Protocol):
    def get(self, code: str) -> Connection | None: ...

    def all(self) -> list[Connection]:
        """By code."""

    def change(
        self, code: str, now: datetime, actor: str, decide: Callable[[Connection | None], tuple[Connection, Row | None]]
    ) -> Connection:
        """Make or change a connection, with its secrets and companies: one transaction, the connection locked.

        `decide` gives what it becomes from what it is, and the audit row of that; what it raises changes nothing.
        """

    def kept(self, code: str) -> Mapping[str, Any]:
        """What its plugin keeps."""

    def keep(self, code: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
        """Compare and set."""


@dataclass(frozen=True, slots=True)
class KeptState:
    """A plugin's ConnectionState, in the database."""

    store: ConnectionStore
    code: str

    def get(self) -> Mapping[str, Any]:
        return self.store.kept(self.code)

    def put(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
        return self.store.keep(self.code, before, after)


@dataclass(frozen=True, slots=True)
class Ready:
    """A connection in use: its settings with their secrets, and what its plugin is given."""

    settings: Any
    context: PluginContext
    mask: Callable[[str], str]  # text without the connection's secrets
    digest: str = ""  # of settings and secrets


@dataclass(frozen=True, slots=True)
class Switchboard:
    """Makes connections ready for use."""

    store: ConnectionStore
    vault: Vault
    network: Network
    now: Callable[[], datetime]
    offers: Mapping[str, Any] = field(default_factory=dict)  # what connections may be for, by name

    def ready(self, code: str, offered: Any, company: str, note: Callable[[str], None] = lambda words: None) -> Ready:
        """A connection as a plugin uses it for a company. Errors: TryLater, with what has to be done."""
        found = self.store.get(code)
        if found is None:
            raise TryLater(f"connection {code} is not configured: `factotum plugin configure`")
        if found.channel != offered.name:
            raise TryLater(f"connection {code} is for {found.channel}, not for {offered.name}")
        if why := found.unusable(company):
            raise TryLater(why)
        try:
            return self.opened(found, offered, note)
        except SettingsOutdated as wrong:
            raise TryLater(wrong.words) from wrong

    def opened(self, connection: Connection, offered: Any, note: Callable[[str], None] = lambda words: None) -> Ready:
        """Whatever state it is in. Errors: NoKey, SecretSpoiled, SettingsOutdated."""
        secrets = {name: self.vault.open(connection.code, name, sealed) for name, sealed in connection.secrets.items()}
        try:
            settings = offered.settings_model.model_validate({**connection.settings, **secrets})
        except ValueError as wrong:
            words = "; ".join(f"{name}: {said}" for name, said in wrong_settings(wrong))
            raise SettingsOutdated(connection=connection.code, words=words) from None  # it shows what was given
        hidden = sorted((one for one in secrets.values() if len(one) > 3), key=len, reverse=True)

        def mask(words: str) -> str:
            for secret in hidden:  # the longest first: one may hold another
                words = words.replace(secret, "***")
            return words

        context = PluginContext(
            connection.code, self.now, self.network, KeptState(self.store, connection.code),
            lambda words: note(mask(words)),
        )  # fmt: skip
        return Ready(settings, context, mask, connection.settings_hash)

    def refused(self, code: str, error: AuthExpired, digest: str = "") -> bool:
        """A login that does no more: renewed once where the plugin can, and then it is True; else the connection stops.

        More tries would lock the account. Whoever renews first is right: what others got meanwhile is dropped. `digest`
        is of the settings that were refused: those it has by now may do.
        """
        found = self.store.get(code)
        if found is None or found.state not in IN_USE:
            return False
        if digest and found.settings_hash != digest:
            return True
        try:
            fresh, detail = self._refreshed(found), ""
        except AuthExpired as final:
            fresh, detail = None, final.reason
        detail = detail or error.reason

        def decide(now: Connection | None) -> tuple[Connection, Row | None]:
            if now is None or now.settings_hash != found.settings_hash:
                raise Overtaken
            if fresh is None:
                return replace(now, state=NEEDS_REAUTH, detail=detail), None
            renewed = with_secrets(now, fresh)
            return (replace(renewed, state=ACTIVE, detail="") if now.state == NEEDS_REAUTH else renewed), None

        try:
            self.store.change(code, self.now(), "relay", decide)
        except Overtaken:
            return True
        return fresh is not None

    def stopped(self, code: str, reason: str, digest: str = "") -> None:
        """Settings that do not do, of this `digest`, stop the connection: every delivery would fail alike."""
        detail = f"{reason}; when it is mended: `factotum plugin resume {code}`"

        def decide(found: Connection | None) -> tuple[Connection, Row | None]:
            if found is None or (digest and found.settings_hash != digest):
                raise Overtaken
            return replace(found, state=PAUSED, detail=detail), None

        with suppress(Overtaken):
            self.store.change(code, self.now(), "relay", decide)

    def _refreshed(self, found: Connection) -> Mapping[str, Sealed] | None:
        """Secrets that a plugin renewed by itself; None when it cannot. Errors: AuthExpired."""
        offered = self.offers.get(found.channel)
        if offered is None or not hasattr(offered, "auth_refresh"):
            return None
        ready = self.opened(found, offered)
        try:
            renewed = offered.auth_refresh(ready.settings, ready.context)
        except AuthExpired as expired:
            raise AuthExpired(ready.mask(expired.reason)) from expired
        except Exception as wrong:  # whatever it is, the login still does no more
            raise AuthExpired(ready.mask(f"renewing the login failed: {type(wrong).__name__}: {wrong}")) from wrong
        return {name: self.vault.seal(found.code, name, secret) for name, secret in renewed.items()}


class SettingsOutdated(EngineError):
    code = "settings_outdated"
    says = "connection {connection} is not well configured, as its plugin is now: {words}"
    remedy = "configure it again with `factotum plugin configure`"


class Overtaken(Exception):
    """Somebody else changed the connection meanwhile."""


def with_secrets(connection: Connection, fresh: Mapping[str, Sealed]) -> Connection:
    """The same connection with renewed secrets: what was tested stays so, the login is no longer in doubt."""
    secrets = {**connection.secrets, **fresh}
    digest = settings_hash(connection.settings, secrets)
    return replace(
        connection, secrets=secrets, settings_hash=digest,
        tested_hash=digest if connection.tested else connection.tested_hash,
    )  # fmt: skip
