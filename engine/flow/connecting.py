"""Connections: configured, tested, activated for companies, paused; their secrets, and the keys these are under.

Each change writes who made it and what it was before, secrets masked, in the audit log.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.flow.house import INSTALL, Context, House, allowed
from engine.flow.parametrization import UNKNOWN_CHANNEL
from engine.kernel.clock import token
from engine.kernel.faults import FaultKind, Faulty, nearest

if TYPE_CHECKING:
    from datetime import datetime

    from engine.outbox.connections import Connection, Ready
    from engine.spi.contracts import AuthRequest, TestReport
    from engine.spi.host import Plugins

BAD_SETTING = FaultKind("bad_setting", "{words}", "{remedy}")
UNKNOWN_CONNECTION = FaultKind("unknown_connection", "there is no connection {code!r}", "{remedy}")
NOT_TESTED = FaultKind(
    "connection_not_tested",
    "connection {code} did not pass a test with the settings it has now",
    "run `factotum plugin test {code}` first",
)
UNKNOWN_COMPANY = FaultKind("connection_for_nobody", "there is no company {company!r}", "{remedy}")
NOT_PAUSED = FaultKind("connection_not_paused", "connection {code} is not paused: {state}", "{remedy}")
NEW_LOGIN = "give the login again with `factotum plugin configure` (or `authorize`), then `factotum plugin test {code}`"
NO_LOGIN_NEEDED = FaultKind(
    "no_login_needed", "{channel} is no place a person logs in to", "give its secrets with `plugin configure {code}`"
)
LOGIN_REFUSED = FaultKind(
    "login_refused", "the login of connection {code} did not come about: {reason}",
    "begin again with `factotum plugin authorize {code}`",
)  # fmt: skip
LOGIN = "login"
"""Where a login under way is kept, among what the plugin keeps."""
CODE = re.compile(r"[A-Z0-9][A-Z0-9_.-]{0,19}")
Told = dict[str, Any]


def configure(
    house: House, context: Context, code: str, channel: str, settings: Mapping[str, Any], *, keep: bool = False
) -> None:
    """Make or change a connection. What changes its settings takes it back to `configured`.

    A secret that is not given stays what it was; one that is given empty is forgotten. With `keep` that holds of every
    setting.
    Errors: Faulty, with each setting the plugin refuses; NoKey.
    """
    from engine.outbox.connections import CONFIGURED, Connection, secret_fields, settings_hash

    allowed(context, "configure")
    if not CODE.fullmatch(code):
        words = "a connection is called by 1 to 20 of A-Z, 0-9, _ . -"
        raise Faulty([BAD_SETTING.at("connection", words=words, remedy="call it otherwise")])
    offer = offered(house.plugins, channel)
    hidden = secret_fields(offer.settings_model)
    switchboard, was = house.switchboard(context.clock), house.connections.get(code)
    kept = dict(was.secrets) if was and was.channel == channel else {}
    given = {name: value for name, value in settings.items() if name in hidden}
    secrets = {name: sealed for name, sealed in kept.items() if name not in given and name in hidden}
    opened = {name: switchboard.vault.open(code, name, sealed) for name, sealed in secrets.items()}
    stays = was.settings if keep and was and was.channel == channel else {}
    wanted = {name: value for name, value in {**stays, **settings}.items() if value != ""}
    accepted = _accepted(offer, {**opened, **wanted})
    secrets |= {name: switchboard.vault.seal(code, name, str(value)) for name, value in given.items() if value != ""}
    plain = {name: value for name, value in accepted.items() if name not in hidden}

    def decide(before: Connection | None) -> tuple[Connection, Told]:
        found = before or Connection(code, channel, {})
        fresh = {name: sealed for name, sealed in found.secrets.items() if name in secrets and name not in given}
        held = secrets | fresh  # a login that was renewed meanwhile
        digest = settings_hash(plain, held)
        same = digest == found.settings_hash and channel == found.channel
        state, detail = (found.state, found.detail) if same else (CONFIGURED, "")
        after = replace(
            found, channel=channel, settings=plain, secrets=held, settings_hash=digest, state=state, detail=detail
        )
        return after, _audited(house, context, before, after, audit_id)

    audit_id = house.posting.next_id("audit")
    house.connections.change(code, context.clock.now(), context.actor.name, decide)


def authorize(house: House, context: Context, code: str, answer: str | None = None) -> AuthRequest | None:
    """Let a person log in: first what they have to open; with their `answer`, the login is kept.

    Errors: Faulty(no_login_needed, login_refused …), NoKey.
    """
    from engine.outbox.connections import CONFIGURED, settings_hash
    from engine.outbox.words import written
    from engine.spi.contracts import AuthRequest, PluginError

    allowed(context, "configure")
    found = _found(house, code)
    offer = offered(house.plugins, found.channel)
    if not hasattr(offer, "auth_start"):
        raise Faulty([NO_LOGIN_NEEDED.at("connection", code=code, channel=found.channel)])
    switchboard = house.switchboard(context.clock)
    ready, kept = switchboard.opened(found, offer), house.connections.kept(code)
    try:
        if answer is None:
            request = offer.auth_start(ready.settings, token(), ready.context)
            asked = {"url": request.url, "state": request.state, "user_code": request.user_code,
                     "kept": dict(request.kept)}  # fmt: skip
            _keep(house, code, lambda now: {**now, LOGIN: asked})
            return AuthRequest(**asked)
        if LOGIN not in kept:
            raise Faulty([LOGIN_REFUSED.at("connection", code=code, reason="nobody has begun one")])
        secrets = offer.auth_finish(ready.settings, AuthRequest(**kept[LOGIN]), answer, ready.context)
    except PluginError as refused:
        reason = ready.mask(written(refused.reason))
        raise Faulty([LOGIN_REFUSED.at("connection", code=code, reason=reason)]) from refused
    fresh = {name: switchboard.vault.seal(code, name, secret) for name, secret in secrets.items()}

    def change(now: Connection) -> Connection:
        held = {**now.secrets, **fresh}
        return replace(now, secrets=held, settings_hash=settings_hash(now.settings, held), state=CONFIGURED, detail="")

    _changed(house, context, code, change)
    _keep(house, code, lambda now: {name: value for name, value in now.items() if name != LOGIN})
    return None


def _keep(house: House, code: str, change: Callable[[Mapping[str, Any]], Told]) -> None:
    """Change what is kept for a plugin, which may change it at the same time."""
    while not house.connections.keep(code, now := house.connections.kept(code), change(now)):
        pass


def test_connection(house: House, context: Context, code: str) -> TestReport:
    """Try a connection as it is configured now; what passes may be activated. Errors: Faulty, NoKey."""
    from engine.outbox.connections import ACTIVE, DEGRADED, NEEDS_REAUTH

    allowed(context, "configure")
    found = _found(house, code)
    report, told = _tried(house, context, found)
    at = context.clock.now()

    def decide(before: Connection | None) -> tuple[Connection, None]:
        now = before or found
        if now.settings_hash != found.settings_hash:  # they were changed meanwhile: this says nothing of them
            return now, None
        after = replace(now, tested_hash=found.settings_hash if report.passed else "", tested_at=at, report=told)
        mended = report.passed and now.state in (DEGRADED, NEEDS_REAUTH)
        return (replace(after, state=ACTIVE, detail="") if mended else after), None

    if house.connections.change(code, at, context.actor.name, decide).in_use:
        house.deliveries.wake(code, at)
    return report


test_connection.__test__ = False  # type: ignore[attr-defined]  # pytest: this is no test


def retest(house: House, context: Context) -> dict[str, str]:
    """Test again what is in use and was not tested for a day: the state each comes to, by code.

    Workers that come to it at once test each connection once. Errors: NoKey.
    """
    from engine.outbox.connections import Overtaken

    allowed(context, "relay")
    states: dict[str, str] = {}
    for found in house.connections.all():
        at = context.clock.now()

        def claim(now: Connection | None, at: datetime = at) -> tuple[Connection, None]:
            if now is None or not now.due_for_test(at):
                raise Overtaken
            return replace(now, tested_at=at), None

        if not found.due_for_test(at) or found.channel not in house.plugins.connectable():
            continue
        with suppress(Overtaken):
            mine = house.connections.change(found.code, at, context.actor.name, claim)
            states[found.code] = _tested_again(house, context, mine)
    return states


def _tested_again(house: House, context: Context, found: Connection) -> str:
    """The state it comes to; the audit log has it when that is another. Errors: Overtaken when it changed meanwhile."""
    from engine.outbox.connections import Overtaken

    told = _tried(house, context, found)[1]
    audit_id = house.posting.next_id("audit")

    def decide(now: Connection | None) -> tuple[Connection, Told | None]:
        if now is None or now.settings_hash != found.settings_hash or not now.in_use:
            raise Overtaken
        after = now.tested_again(told)
        return after, _audited(house, context, now, after, audit_id) if after.state != now.state else None

    return house.connections.change(found.code, context.clock.now(), context.actor.name, decide).state


def _tried(house: House, context: Context, connection: Connection) -> tuple[TestReport, Told]:
    """What its test reports, and the same as it is kept, without secrets. Errors: Faulty, NoKey."""
    from engine.outbox.connections import SettingsOutdated
    from engine.outbox.words import written
    from engine.spi.contracts import StepState, TestReport, TestStep

    offer = offered(house.plugins, connection.channel)
    mask: Callable[[str], str] = str
    try:
        ready = house.switchboard(context.clock).opened(connection, offer)
    except SettingsOutdated as wrong:
        steps: tuple[TestStep, ...] = (TestStep("settings", StepState.FAIL, wrong.words, "bad_setting", wrong.way_out),)
        report = TestReport(steps)
    else:
        mask, report = ready.mask, _reported(offer, ready)
    steps = tuple(replace(one, words=mask(written(one.words)), hint=mask(written(one.hint))) for one in report.steps)
    shown = replace(report, steps=steps, account=mask(written(report.account)))
    kept = [{"name": one.name, "state": one.state.value, "words": one.words, "code": one.code, "hint": one.hint}
            for one in steps]  # fmt: skip
    return shown, {"passed": shown.passed, "account": shown.account, "steps": kept}


def _reported(offer: Any, ready: Ready) -> TestReport:
    """What a plugin's test tells; one that breaks did not pass."""
    from engine.outbox.words import plugin_fault
    from engine.spi.contracts import StepState, TestReport, TestStep

    try:
        report = offer.test(ready.settings, ready.context)
        if not isinstance(report, TestReport):
            raise TypeError(f"its test gave {report!r}, which is no TestReport")
    except (Exception, SystemExit) as bug:
        return TestReport((TestStep("test", StepState.FAIL, plugin_fault(bug), "plugin_fault", "tell its maker"),))
    return report


def activate(house: House, context: Context, code: str, companies: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Use a connection for companies, or for all when none is named; for which it is used now, "" for all.

    Errors: Faulty(connection_not_tested …).
    """
    from engine.outbox.connections import ACTIVE, ALL
    from engine.parametrization.definitions import Company

    known = house.catalog().table(Company)
    unknown = [one for one in companies if one not in known]
    if unknown:
        raise Faulty([UNKNOWN_COMPANY.at("company", company=one, remedy=nearest(one, known, "")) for one in unknown])

    def decide(found: Connection) -> Connection:
        if not found.tested:
            raise Faulty([NOT_TESTED.at("connection", code=code)])
        return replace(found, state=ACTIVE, detail="", companies=found.companies | (frozenset(companies) or {ALL}))

    after = _changed(house, context, code, decide)
    house.deliveries.wake(code, context.clock.now())
    return tuple(sorted(after.companies))


def deactivate(house: House, context: Context, code: str, companies: tuple[str, ...] = ()) -> None:
    """Use it no more for companies, or for none at all; its deliveries wait. Errors: Faulty."""
    from engine.outbox.connections import CONFIGURED

    def decide(found: Connection) -> Connection:
        left = found.companies - frozenset(companies) if companies else frozenset[str]()
        return replace(found, companies=left, state=found.state if left else CONFIGURED)

    _changed(house, context, code, decide)


def pause(house: House, context: Context, code: str, why: str = "") -> None:
    """Let its deliveries wait for a while. Errors: Faulty."""
    from engine.outbox.connections import PAUSED

    _changed(house, context, code, lambda found: replace(found, state=PAUSED, detail=why))


def resume(house: House, context: Context, code: str) -> None:
    """Go on where it was paused. Errors: Faulty(connection_not_paused …)."""
    from engine.outbox.connections import ACTIVE, CONFIGURED, IN_USE, NEEDS_REAUTH, PAUSED

    def decide(found: Connection) -> Connection:
        if found.state in IN_USE:
            return found
        if found.state != PAUSED:
            remedy = NEW_LOGIN if found.state == NEEDS_REAUTH else "test it, then `factotum plugin activate {code}`"
            told = {"code": code, "state": found.state.replace("_", " "), "remedy": remedy.format(code=code)}
            raise Faulty([NOT_PAUSED.at("connection", **told)])
        return replace(found, state=ACTIVE if found.tested and found.companies else CONFIGURED, detail="")

    _changed(house, context, code, decide)
    house.deliveries.wake(code, context.clock.now())


def connections(house: House, context: Context) -> list[Told]:
    """Every connection, its settings masked.

    Shape: {"code", "channel", "state", "detail", "tested", "companies": ["*"], "settings", "secrets": ["password"],
    "report"}.
    """
    from engine.outbox.settings import masked

    allowed(context, "configure")
    offers = house.plugins.connectable()
    told = []
    for one in house.connections.all():
        model = offers[one.channel].settings_model if one.channel in offers else None
        told.append({
            "code": one.code, "channel": one.channel, "state": one.state, "detail": one.detail, "tested": one.tested,
            "companies": sorted(company or "*" for company in one.companies),
            "settings": {name: masked(model, name, value) for name, value in one.settings.items()},
            "secrets": sorted(one.secrets), "report": dict(one.report),
        })  # fmt: skip
    return told


def rotate_secrets(house: House, context: Context) -> int:
    """Encrypt every secret with the current key; how many were under another. Errors: NoKey, SecretSpoiled."""
    from engine.outbox.connections import with_secrets

    allowed(context, "configure")
    vault, moved = house.switchboard(context.clock).vault, 0
    for one in house.connections.all():
        old = {name for name, sealed in one.secrets.items() if sealed.key_id != vault.current}

        def decide(found: Connection | None, old: set[str] = old) -> tuple[Connection, None]:
            assert found is not None  # noqa: S101 - connections are never deleted
            return with_secrets(found, {
                name: vault.seal(found.code, name, vault.open(found.code, name, sealed))
                for name, sealed in found.secrets.items() if name in old
            }), None  # fmt: skip

        if old:
            house.connections.change(one.code, context.clock.now(), context.actor.name, decide)
            moved += len(old)
    return moved


def _found(house: House, code: str) -> Connection:
    found = house.connections.get(code)
    if found is None:
        known = [one.code for one in house.connections.all()]
        remedy = nearest(code, known, "configure it first")
        raise Faulty([UNKNOWN_CONNECTION.at("connection", code=code, remedy=remedy)])
    return found


def offered(plugins: Plugins, name: str) -> Any:
    """What a connection may be for. Errors: Faulty(unknown_channel)."""
    offers = plugins.connectable()
    if name not in offers:
        its = [one for (_, one), owner in plugins.owners.items() if owner == name and one in offers]
        remedy = f"{name} is a plugin; say {' or '.join(its)}" if its else nearest(name, offers, INSTALL)
        raise Faulty([UNKNOWN_CHANNEL.at("channel", name=name, remedy=remedy)])
    return offers[name]


def _accepted(offer: Any, settings: Mapping[str, Any]) -> Told:
    """Settings as the plugin's model writes them. Errors: Faulty."""
    from engine.outbox.words import wrong_settings

    try:
        told: Told = json.loads(offer.settings_model.model_validate(dict(settings)).model_dump_json())
    except ValueError as wrong:
        refused = wrong_settings(wrong, offer.settings_model.model_fields) or [("", str(wrong))]
        remedy = f"`factotum plugin settings {offer.name}` lists what may be set"
        raise Faulty([BAD_SETTING.at(name, words=words, remedy=remedy) for name, words in refused]) from wrong
    return told


def _changed(house: House, context: Context, code: str, change: Callable[[Connection], Connection]) -> Connection:
    allowed(context, "configure")
    _found(house, code)
    audit_id = house.posting.next_id("audit")

    def decide(before: Connection | None) -> tuple[Connection, Told]:
        assert before is not None  # noqa: S101 - connections are never deleted
        after = change(before)
        return after, _audited(house, context, before, after, audit_id)

    return house.connections.change(code, context.clock.now(), context.actor.name, decide)


def _audited(house: House, context: Context, before: Connection | None, after: Connection, audit_id: int) -> Told:
    """The audit row of a change: settings field by field, secrets masked, state and companies."""
    from engine.flow.history import connection_row
    from engine.outbox.settings import HIDDEN, changed

    offers = house.plugins.connectable()
    old, new = ((offers[name].settings_model if name in offers else None)
                for name in (before.channel if before else "", after.channel))  # fmt: skip
    fields: dict[str, Any] = changed(before.settings if before else {}, after.settings, old, new)
    had = before.secrets if before else {}
    for name in sorted({*had, *after.secrets}):
        if had.get(name) != after.secrets.get(name):
            was, becomes = (HIDDEN if name in one else None for one in (had, after.secrets))
            fields[name] = {"before": was, "after": becomes}
    for name in ("channel", "state", "detail", "companies"):
        then, now = (getattr(one, name) if one else None for one in (before, after))
        if (then or None) != (now or None):
            fields[name] = {"before": _listed(then), "after": _listed(now)}
    return dict(connection_row(context, audit_id, after.code, fields))


def _listed(value: object) -> object:
    return sorted(value) if isinstance(value, frozenset) else value
