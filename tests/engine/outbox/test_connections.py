"""A connection is configured, tested, activated, paused; only what was tested is used, and secrets stay secret."""

from __future__ import annotations

import json
import os
import traceback
from collections.abc import Callable

import pytest
from pydantic import BaseModel, ConfigDict, SecretStr

from engine import flow
from engine.flow import Actor, Context
from engine.kernel.faults import Faulty
from engine.outbox.connections import SettingsOutdated
from engine.outbox.vault import new_key
from engine.spi import AuthExpired, Parcel, PluginContext, Receipt, StepState, TestReport, TestStep, TryLater
from engine.spi.host import Plugins
from engine.storage import tables
from tests.support.fakes import REACHED, MemoryChannel, PlainFormat
from tests.support.house import AT, House, invoice

CANARY = "c4n4ry-hunter2"
FAILED = TestReport((TestStep("login", StepState.FAIL, f"no: {CANARY}", "bad_secret", "mend the password"),))


class Guarded(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    box: str
    password: SecretStr = SecretStr("")


class Stricter(Guarded):
    server: str


class GuardedChannel(MemoryChannel):
    """A channel with a secret, which shows what it got to whoever runs the test."""

    settings_model = Guarded  # type: ignore[assignment]

    def deliver(self, parcel: Parcel, context: PluginContext) -> Receipt:
        context.note(f"logging in with {parcel.settings.password.get_secret_value()}")
        return super().deliver(parcel, context)


@pytest.fixture
def guarded(house: House) -> House:
    offered = Plugins({"facturx": PlainFormat("facturx")}, {"email": GuardedChannel("email")})
    return house.beside(offered)


def configured(house: House, **settings: str) -> None:
    flow.configure(house, house.context, "DEMO-MAIL", "email", {"box": "out", "password": CANARY} | settings)


def kept(house: House) -> dict[str, object]:
    (only,) = flow.connections(house, house.context)
    return only


def faults(work: Callable[[], object]) -> list[str]:
    with pytest.raises(Faulty) as faulty:
        work()
    return [fault.code for fault in faulty.value.faults]


def everything(house: House) -> str:
    """Every text in the database that could hold a secret."""
    told = (tables.connection, tables.secret, tables.delivery, tables.delivery_attempt, tables.audit)
    return str([house.rows(one) for one in told])


def test_the_life_of_a_connection(guarded: House) -> None:
    house = guarded
    house.post(invoice())
    configured(house)
    assert kept(house)["state"] == "configured" and not kept(house)["tested"]
    assert house.relay() == {"retry": 1}
    assert "not tested as it is now: `factotum plugin test DEMO-MAIL`" in house.row(tables.delivery)["detail"]

    assert flow.test_connection(house, house.context, "DEMO-MAIL").passed
    house.clock.goes_on(minutes=1)
    assert house.relay() == {"retry": 1}
    words = "is not active for PARIS: `factotum plugin activate DEMO-MAIL --company PARIS`"
    assert words in house.row(tables.delivery)["detail"]

    flow.activate(house, house.context, "DEMO-MAIL", ("PARIS",))
    flow.pause(house, house.context, "DEMO-MAIL", "the server moves")
    house.clock.goes_on(minutes=2)
    assert house.relay() == {"retry": 1}
    assert "is paused: the server moves" in house.row(tables.delivery)["detail"]

    flow.resume(house, house.context, "DEMO-MAIL")
    house.clock.goes_on(minutes=5)
    assert house.relay() == {"sent": 1}
    (parcel,) = house.plugins.channels["email"].parcels  # type: ignore[attr-defined]
    assert parcel.settings.password.get_secret_value() == CANARY


def test_it_is_active_for_the_companies_named_and_no_other(guarded: House) -> None:
    configured(guarded)
    flow.test_connection(guarded, guarded.context, "DEMO-MAIL")
    flow.activate(guarded, guarded.context, "DEMO-MAIL", ("LYON",))
    guarded.post(invoice())
    guarded.post(invoice(), company="LYON")
    assert guarded.relay() == {"retry": 1, "sent": 1}
    assert guarded.row(tables.delivery, state="sent")["company"] == "LYON"
    flow.deactivate(guarded, guarded.context, "DEMO-MAIL", ("LYON",))
    assert kept(guarded)["state"] == "configured" and kept(guarded)["companies"] == []


def test_what_did_not_pass_its_test_is_not_activated(guarded: House) -> None:
    configured(guarded)
    assert faults(lambda: flow.activate(guarded, guarded.context, "DEMO-MAIL")) == ["connection_not_tested"]
    guarded.plugins.channels["email"].report = FAILED  # type: ignore[attr-defined]
    assert not flow.test_connection(guarded, guarded.context, "DEMO-MAIL").passed
    assert faults(lambda: flow.activate(guarded, guarded.context, "DEMO-MAIL")) == ["connection_not_tested"]
    assert "no: ***" in str(kept(guarded)["report"]) and CANARY not in str(kept(guarded))


def test_a_test_that_breaks_is_the_plugins_bug_and_no_pass(guarded: House) -> None:
    configured(guarded)
    guarded.plugins.channels["email"].report = "fine"  # type: ignore[attr-defined]
    assert not flow.test_connection(guarded, guarded.context, "DEMO-MAIL").passed
    assert "plugin fault" in str(kept(guarded)["report"])


@pytest.mark.parametrize("change", [{"box": "other"}, {"password": "another"}, {"password": ""}])
def test_an_edit_asks_for_a_new_test(guarded: House, change: dict[str, str]) -> None:
    guarded.connect(box="out", password=CANARY)
    assert kept(guarded)["state"] == "active"
    configured(guarded, **change)
    assert kept(guarded)["state"] == "configured" and not kept(guarded)["tested"]
    assert kept(guarded)["secrets"] == ([] if change == {"password": ""} else ["password"])


def test_an_edit_that_changes_nothing_changes_nothing(guarded: House) -> None:
    guarded.connect(box="out", password=CANARY)
    flow.configure(guarded, guarded.context, "DEMO-MAIL", "email", {"box": "out"})  # the secret stays
    assert kept(guarded)["state"] == "active" and kept(guarded)["secrets"] == ["password"]


def test_a_login_that_expired_stops_the_connection_and_loses_nothing(guarded: House) -> None:
    guarded.connect(box="out", password=CANARY)
    channel = guarded.plugins.channels["email"]

    def expired(parcel: Parcel) -> Receipt:
        raise AuthExpired("535 the password is old")

    channel.behaviour = expired  # type: ignore[attr-defined]
    guarded.post(invoice())
    guarded.post(invoice())
    assert guarded.relay() == {"retry": 2}
    assert len(channel.parcels) == 1  # type: ignore[attr-defined]
    assert kept(guarded)["state"] == "needs_reauth" and kept(guarded)["detail"] == "535 the password is old"


def test_a_secret_is_nowhere_but_in_its_ciphertext(guarded: House) -> None:
    guarded.connect(box="out", password=CANARY)
    guarded.post(invoice())

    def leaks(parcel: Parcel) -> Receipt:
        raise TryLater(f"login failed for {parcel.settings.password.get_secret_value()}")

    guarded.plugins.channels["email"].behaviour = leaks  # type: ignore[attr-defined]
    assert guarded.relay() == {"retry": 1}
    assert "login failed for ***" in guarded.row(tables.delivery)["detail"]
    assert CANARY not in everything(guarded) and CANARY not in str(flow.connections(guarded, guarded.context))
    assert CANARY not in str([*flow.audit(guarded, guarded.context)])


def test_secrets_move_to_a_new_key_and_the_connection_stays_active(
    guarded: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    guarded.connect(box="out", password=CANARY)
    before = guarded.row(tables.secret)
    monkeypatch.setenv("FACTOTUM_KEY", f"{new_key()} {os.environ['FACTOTUM_KEY']}")
    assert flow.rotate_secrets(guarded, guarded.context) == 1
    assert flow.rotate_secrets(guarded, guarded.context) == 0
    after = guarded.row(tables.secret)
    assert before["key_id"] != after["key_id"] and kept(guarded)["state"] == "active" and kept(guarded)["tested"]
    monkeypatch.setenv("FACTOTUM_KEY", os.environ["FACTOTUM_KEY"].split()[0])
    guarded.post(invoice())
    assert guarded.relay() == {"sent": 1}


def test_each_change_is_told_to_the_auditor(guarded: House) -> None:
    guarded.connect(box="out", password=CANARY)
    flow.pause(guarded, guarded.context, "DEMO-MAIL")
    told = [one for one in flow.audit(guarded, guarded.context) if one.get("subject") == "connection DEMO-MAIL"]
    assert [one["fields"].get("state") for one in told] == [
        {"before": None, "after": "configured"},
        {"before": "configured", "after": "active"},
        {"before": "active", "after": "paused"},
    ]
    assert told[1]["fields"]["companies"] == {"before": [], "after": [""]}


def test_what_is_not_there_is_told(guarded: House) -> None:
    context = guarded.context
    guarded.connect(box="out", password=CANARY)
    for work in (flow.test_connection, flow.activate, flow.deactivate, flow.pause, flow.resume):
        assert faults(lambda work=work: work(guarded, context, "DEMO-MAYL")) == ["unknown_connection"]  # type: ignore[misc]
    assert faults(lambda: flow.activate(guarded, context, "DEMO-MAIL", ("PARIGI",))) == ["connection_for_nobody"]
    assert faults(lambda: flow.configure(guarded, context, "X", "emial", {})) == ["unknown_channel"]
    assert (
        faults(lambda: flow.configure(guarded, context, "X", "email", {"bx": "1", "box": [2]})) == ["bad_setting"] * 2
    )


def test_nobody_without_the_right_touches_a_connection(guarded: House) -> None:
    nobody = Context(Actor("guest"), guarded.clock)
    guarded.connect(box="out", password=CANARY)
    for work in (flow.test_connection, flow.activate, flow.deactivate, flow.pause, flow.resume):
        assert faults(lambda work=work: work(guarded, nobody, "DEMO-MAIL")) == ["not_allowed"]  # type: ignore[misc]
    assert faults(lambda: flow.connections(guarded, nobody)) == ["not_allowed"]
    assert faults(lambda: flow.rotate_secrets(guarded, nobody)) == ["not_allowed"]


def test_what_a_plugin_keeps_is_changed_by_who_knows_it(guarded: House) -> None:
    guarded.connect(box="out", password=CANARY)
    first, second = (guarded.switchboard(guarded.clock).ready("DEMO-MAIL", one, "PARIS").context.state
                     for one in [guarded.plugins.channels["email"]] * 2)  # fmt: skip
    assert first.get() == {} and first.put({}, {"cursor": "7"})
    assert not second.put({}, {"cursor": "8"}) and second.get() == {"cursor": "7"}
    assert second.put({"cursor": "7"}, {"cursor": "8"}) and guarded.clock.now() == AT


def test_settings_that_a_newer_plugin_refuses_are_told_without_what_they_hold(guarded: House) -> None:
    configured(guarded)
    channel(guarded).settings_model = Stricter  # type: ignore[assignment]
    switchboard, found = guarded.switchboard(guarded.clock), guarded.connections.get("DEMO-MAIL")
    assert found is not None
    with pytest.raises(SettingsOutdated) as refused:
        switchboard.opened(found, channel(guarded))
    told = "".join(traceback.format_exception(refused.value))
    assert "settings_outdated" in told and "server: it is needed" in told and CANARY not in told


def test_a_secret_that_holds_another_is_masked_as_a_whole(guarded: House) -> None:
    class Two(Guarded):
        passphrase: SecretStr

    channel(guarded).settings_model = Two  # type: ignore[assignment]
    flow.configure(guarded, guarded.context, "DEMO-MAIL", "email",
                   {"box": "out", "password": "pass", "passphrase": "passphrase-of-the-key"})  # fmt: skip
    found = guarded.connections.get("DEMO-MAIL")
    assert found is not None
    ready = guarded.switchboard(guarded.clock).opened(found, channel(guarded))
    assert ready.mask("said: passphrase-of-the-key, pass") == "said: ***, ***"


def test_the_account_that_a_test_names_is_masked_too(guarded: House) -> None:
    configured(guarded)
    channel(guarded).report = TestReport((TestStep("login", StepState.OK, "hello"),), account=f"anna:{CANARY}")
    assert flow.test_connection(guarded, guarded.context, "DEMO-MAIL").account == "anna:***"
    assert CANARY not in str(kept(guarded)["report"])


@pytest.mark.parametrize("state", ["needs_reauth", "configured"])
def test_what_is_not_paused_is_not_resumed_and_the_way_out_is_told(used: House, state: str) -> None:
    used.change(tables.connection, {"state": state, "detail": "401"}, code="DEMO-MAIL")
    with pytest.raises(Faulty) as refused:
        flow.resume(used, used.context, "DEMO-MAIL")
    (fault,) = refused.value.faults
    assert fault.code == "connection_not_paused" and "factotum plugin" in fault.remedy


def test_a_test_that_passes_ends_the_need_for_a_new_login(used: House) -> None:
    used.change(tables.connection, {"state": "needs_reauth", "detail": "401"}, code="DEMO-MAIL")
    assert flow.test_connection(used, used.context, "DEMO-MAIL").passed
    assert (kept(used)["state"], kept(used)["detail"]) == ("active", "")


def test_settings_that_are_not_given_again_stay_where_that_is_asked_for(guarded: House) -> None:
    configured(guarded)
    flow.configure(guarded, guarded.context, "DEMO-MAIL", "email", {"password": "another-one"}, keep=True)
    assert kept(guarded)["settings"] == {"box": "out"}
    assert faults(lambda: flow.configure(guarded, guarded.context, "DEMO-MAIL", "email", {})) == ["bad_setting"]


def test_why_it_is_paused_is_in_the_audit_log(used: House) -> None:
    flow.pause(used, used.context, "DEMO-MAIL", "the server moves")
    assert '"after":"the server moves"' in used.rows(tables.audit, action="configure")[-1]["detail"]


def test_a_test_during_a_change_says_nothing_of_what_it_was_changed_to(used: House) -> None:
    class Meanwhile(GuardedChannel):
        def test(self, settings: object, context: PluginContext) -> TestReport:
            flow.configure(used, used.context, "DEMO-MAIL", "email", {"box": "out", "password": "renewed-since"})
            return REACHED

    used.plugins.channels["email"] = Meanwhile("email")  # type: ignore[index]
    flow.test_connection(used, used.context, "DEMO-MAIL")
    assert kept(used)["state"] == "configured" and not kept(used)["tested"]


# --- each day -------------------------------------------------------------------------------------------------------


@pytest.fixture
def used(guarded: House) -> House:
    """A connection that is in use."""
    configured(guarded)
    flow.test_connection(guarded, guarded.context, "DEMO-MAIL")
    flow.activate(guarded, guarded.context, "DEMO-MAIL")
    return guarded


def channel(house: House) -> GuardedChannel:
    found = house.plugins.channels["email"]
    assert isinstance(found, GuardedChannel)
    return found


def next_day(house: House) -> dict[str, str]:
    house.clock.goes_on(days=1)
    return flow.retest(house, house.context)


def test_what_is_in_use_is_tested_again_once_a_day(used: House) -> None:
    assert flow.retest(used, used.context) == {}
    assert next_day(used) == {"DEMO-MAIL": "active"}
    assert flow.retest(used, used.context) == {}
    flow.pause(used, used.context, "DEMO-MAIL")
    assert next_day(used) == {}


def test_three_failures_in_a_row_degrade_it_and_its_deliveries_go_on(used: House) -> None:
    channel(used).report = FAILED
    assert [next_day(used)["DEMO-MAIL"] for _ in range(2)] == ["active", "active"]
    channel(used).report = REACHED
    assert next_day(used) == {"DEMO-MAIL": "active"}  # the count begins again
    channel(used).report = FAILED
    assert [next_day(used)["DEMO-MAIL"] for _ in range(4)] == ["active", "active", "degraded", "degraded"]
    assert kept(used)["tested"] and kept(used)["detail"] == "failed its daily test 4 times in a row: no: ***"
    used.post(invoice())
    assert used.relay() == {"sent": 1}
    changes = [row["detail"] for row in used.rows(tables.audit, action="configure")]
    (change,) = [json.loads(one)["fields"] for one in changes if "degraded" in one]
    assert change["state"] == {"before": "active", "after": "degraded"} and "no: ***" in change["detail"]["after"]


@pytest.mark.parametrize("how", ["tomorrow", "by hand", "resumed"])
def test_degraded_it_recovers(used: House, how: str) -> None:
    channel(used).report = FAILED
    for _ in range(3):
        next_day(used)
    channel(used).report = REACHED
    if how == "tomorrow":
        next_day(used)
    elif how == "by hand":
        flow.test_connection(used, used.context, "DEMO-MAIL")
    else:
        flow.pause(used, used.context, "DEMO-MAIL")
        flow.resume(used, used.context, "DEMO-MAIL")
    assert (kept(used)["state"], kept(used)["detail"]) == ("active", "")


def test_settings_that_a_newer_plugin_refuses_fail_the_test_in_words(used: House) -> None:
    channel(used).settings_model = Stricter  # type: ignore[assignment]
    for _ in range(3):
        next_day(used)
    assert "server: it is needed" in str(kept(used)["detail"]) and kept(used)["state"] == "degraded"


def test_one_that_is_changed_during_its_daily_test_keeps_what_it_was_changed_to(used: House) -> None:
    class Meanwhile(GuardedChannel):
        def test(self, settings: object, context: PluginContext) -> TestReport:
            configured(used, box="other")
            return FAILED

    used.plugins.channels["email"] = Meanwhile("email")  # type: ignore[index]
    assert next_day(used) == {}
    assert kept(used)["state"] == "configured" and not kept(used)["tested"]
