"""After a hand-over nobody knows the outcome of, the channel's policy decides what is done; no doubt is forgotten."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from engine import flow
from engine.outbox import outcomes, parcels
from engine.outbox.leases import LEASE
from engine.outbox.outcomes import MOST_AGE, MOST_TRIES, Outcome
from engine.outbox.store import Claimed, Lease
from engine.outbox.vault import new_key
from engine.spi import AuthExpired, ConfigError, DeliveryPolicy, OutcomeUnknown, Parcel, Receipt, Rejected, TryLater
from engine.spi.host import Plugins
from engine.storage import tables
from tests.support.fakes import AskedChannel, MemoryChannel, MemorySettings, fails, takes
from tests.support.house import AT, House, invoice

ENDPOINT = ("email", "DEMO-MAIL")
KNOWN = DeliveryPolicy
AGAIN = [KNOWN.IDEMPOTENT, KNOWN.AT_LEAST_ONCE]


def posted(house: House, policy: DeliveryPolicy, count: int = 1) -> None:
    house.channel.policy = policy
    house.connect()
    for _ in range(count):
        house.post(invoice())


def died(house: House, worker: str = "elsewhere") -> None:
    """A sender claims the delivery, and is never heard of again; its lease ends."""
    assert house.deliveries.claim(ENDPOINT, house.clock.at, Lease(worker, "dead", AT, AT + LEASE)) is not None
    house.clock.at = AT + LEASE + timedelta(seconds=1)


def state(house: House) -> str:
    return str(house.row(tables.delivery)["state"])


def tries(house: House) -> list[str]:
    """What the log says of each try."""
    return [row["state"] for row in house.rows(tables.delivery_attempt)]


# --- a sender died --------------------------------------------------------------------------------------------------


def test_the_key_of_a_delivery_is_its_own_and_the_same_in_every_try(house: House) -> None:
    posted(house, KNOWN.IDEMPOTENT, 2)
    house.channel.behaviour = fails(TryLater("closed"))
    house.relay()
    house.clock.goes_on(hours=1)
    house.channel.behaviour = takes
    house.relay()
    first, second, again_first, again_second = (one.key for one in house.channel.parcels)
    assert (first, second) == (again_first, again_second) and first != second
    row = house.rows(tables.delivery)[0]
    assert house.messages.repeated(row, AT)["key"] not in (first, second)
    house.change(tables.delivery, {"key": ""})  # as from before there were any: the other side may know the old one
    old = parcels.key_of(house.rows(tables.delivery)[0])
    assert old == parcels.key_of(house.rows(tables.delivery)[0]) != first


@pytest.mark.parametrize("policy", AGAIN)
def test_it_is_sent_again_with_the_same_key(house: House, policy: DeliveryPolicy) -> None:
    posted(house, policy)
    died(house)
    assert house.relay() == {"sent": 1} and tries(house) == ["died", "sent"]


def test_at_most_once_it_is_left_to_a_person(house: House) -> None:
    posted(house, KNOWN.AT_MOST_ONCE)
    died(house)
    assert house.relay() == {"uncertain": 1} and house.channel.parcels == []
    row = house.row(tables.delivery)
    assert f"`factotum delivery resolve {row['id']}`" in row["detail"]
    house.clock.goes_on(days=30)
    assert house.relay() == {} and state(house) == "uncertain"


def asked(house: House, *has: str) -> AskedChannel:
    """The same house with a channel that can be asked, whose other side has the parcels of these numbers."""
    channel = AskedChannel("email", has={*has})
    house.plugins.channels["email"] = channel  # type: ignore[index]
    return channel


def test_what_had_arrived_is_not_sent_again_where_one_can_ask(house: House) -> None:
    channel = asked(house, "FV-2026-00001")
    posted(house, KNOWN.RECONCILABLE)
    died(house)
    assert house.relay() == {"sent": 1} and channel.parcels == []
    row = house.row(tables.delivery)
    assert (row["reference"], row["detail"]) == ("ref-FV-2026-00001", "it had arrived already; taken")


def test_what_had_not_arrived_is_sent(house: House) -> None:
    channel = asked(house)
    posted(house, KNOWN.RECONCILABLE)
    died(house)
    assert house.relay() == {"sent": 1} and len(channel.parcels) == 1
    assert tries(house) == ["absent", "sent"]


def test_it_is_not_asked_for_while_it_may_still_be_on_its_way(house: House) -> None:
    """That its sender is dead is known at once, and what it had begun may arrive all the same."""
    channel = asked(house)
    posted(house, KNOWN.RECONCILABLE)
    host, pid, began, space = house.relay_of().worker.split(":")
    died(house, f"{host}:{pid}:{int(began) - 1}:{space}")
    house.clock.at = AT
    assert house.relay() == {"retry": 1} and channel.parcels == []
    assert house.row(tables.delivery)["due_at"] == AT + LEASE
    channel.has = {"FV-2026-00001"}
    house.clock.at = AT + LEASE
    assert house.relay() == {"sent": 1} and channel.parcels == []


def test_nothing_is_sent_while_it_cannot_be_asked(house: House) -> None:
    channel = asked(house)
    posted(house, KNOWN.RECONCILABLE)
    died(house)
    channel.finding = fails(TryLater("closed"))
    for _ in range(3):
        assert house.relay() == {"retry": 1}
        house.clock.goes_on(hours=1)
    channel.finding = takes
    assert house.relay() == {"sent": 1} and channel.parcels == []


def test_a_doubt_outlives_a_connection_that_could_not_be_used(house: House) -> None:
    posted(house, KNOWN.AT_MOST_ONCE)
    died(house)
    house.change(tables.connection, {"state": "paused"})
    assert house.relay() == {"retry": 1}
    house.change(tables.connection, {"state": "active"})
    house.clock.goes_on(hours=1)
    assert house.relay() == {"uncertain": 1} and house.channel.parcels == []


@pytest.mark.parametrize("how", ["paused", "tried at once"])
def test_it_is_not_asked_for_too_soon_however_it_was_put_off(house: House, how: str) -> None:
    channel = asked(house)
    posted(house, KNOWN.RECONCILABLE)
    host, pid, began, space = house.relay_of().worker.split(":")
    died(house, f"{host}:{pid}:{int(began) - 1}:{space}")
    house.clock.at = AT
    if how == "paused":
        flow.pause(house, house.context, "DEMO-MAIL")
    assert house.relay() == {"retry": 1}
    house.clock.goes_on(seconds=10)
    if how == "paused":
        house.resume()
    else:
        flow.retry_delivery(house, house.context, house.row(tables.delivery)["id"])
    assert house.relay() == {"retry": 1} and channel.parcels == []
    assert house.row(tables.delivery)["due_at"] == AT + LEASE


# --- it goes wrong after it may have been taken ---------------------------------------------------------------------


@pytest.mark.parametrize("bug", [KeyError("id"), SystemExit(3), TypeError("no receipt")])
def test_a_bug_at_most_once_leaves_it_to_a_person(house: House, bug: BaseException) -> None:
    posted(house, KNOWN.AT_MOST_ONCE)
    house.channel.behaviour = fails(bug)
    assert house.relay() == {"uncertain": 1}
    row = house.row(tables.delivery)
    assert type(bug).__name__ in row["detail"] and f"resolve {row['id']}" in row["detail"]


@pytest.mark.parametrize(("policy", "comes_to"), [(KNOWN.AT_MOST_ONCE, "uncertain"), (KNOWN.RECONCILABLE, "retry")])
def test_settings_that_show_to_be_wrong_in_the_answer_leave_a_doubt(
    house: House, policy: DeliveryPolicy, comes_to: str
) -> None:
    if policy is KNOWN.RECONCILABLE:
        asked(house)
    posted(house, policy)
    channel = house.plugins.channels["email"]
    channel.behaviour = fails(ConfigError("answered 202", may_be_taken=True))  # type: ignore[attr-defined]
    assert house.relay() == {comes_to: 1}
    assert tries(house) == ["uncertain" if comes_to == "uncertain" else "unknown"]
    assert house.row(tables.connection)["state"] == "paused"


@pytest.mark.parametrize("error", [ConfigError("key changed"), AuthExpired("401")])
def test_settings_mended_during_a_try_are_not_blamed_for_it(house: House, error: Exception) -> None:
    def mended(parcel: Parcel) -> Receipt:
        flow.configure(house, house.context, "DEMO-MAIL", "email", {"box": "other"})
        flow.test_connection(house, house.context, "DEMO-MAIL")
        flow.activate(house, house.context, "DEMO-MAIL")
        house.channel.behaviour = takes
        raise error

    posted(house, KNOWN.IDEMPOTENT)
    house.channel.behaviour = mended
    assert house.relay() == {"retry": 1} and house.row(tables.connection)["state"] == "active"
    house.clock.goes_on(hours=1)
    assert house.relay() == {"sent": 1}


# --- a sender that was held for dead --------------------------------------------------------------------------------


def stood_still(house: House) -> tuple[Claimed, Outcome]:
    """A sender whose lease ended while it was sending, and what it comes to know after the row was freed."""
    now = house.clock.at
    claimed = house.deliveries.claim(ENDPOINT, now, Lease("elsewhere", "slow", now, now + LEASE))
    assert claimed is not None
    house.clock.at = now + LEASE + timedelta(seconds=1)
    return claimed, Outcome("sent", "taken", "ref-1")


def test_what_it_surely_sent_settles_the_matter(house: House) -> None:
    posted(house, KNOWN.AT_MOST_ONCE)
    claimed, sent = stood_still(house)
    assert house.relay() == {"uncertain": 1}
    assert house.deliveries.finish(claimed, sent, "", house.clock.at)
    assert state(house) == "sent" and tries(house) == ["sent", "uncertain"] and house.channel.parcels == []
    assert house.relay() == {}


@pytest.mark.parametrize("meanwhile", ["sent", "sending", "resolved", "absent"])
def test_it_changes_nothing_of_what_others_did_since(house: House, meanwhile: str) -> None:
    if meanwhile == "absent":
        asked(house)
    posted(house, {"resolved": KNOWN.AT_MOST_ONCE, "absent": KNOWN.RECONCILABLE}.get(meanwhile, KNOWN.AT_LEAST_ONCE))
    claimed, sent = stood_still(house)
    if meanwhile == "sending":
        assert house.relay_of().sweep() == 1
        assert house.deliveries.claim(ENDPOINT, house.clock.at, Lease("other", "b", house.clock.at, house.clock.at))
    else:
        house.relay()
    if meanwhile == "resolved":
        flow.resolve_delivery(house, house.context, house.row(tables.delivery)["id"], "failed")
    before = house.row(tables.delivery)
    assert not house.deliveries.finish(claimed, sent, "", house.clock.at)
    assert house.row(tables.delivery) == before


def test_nobody_holds_himself_for_dead(house: House) -> None:
    """The clock stepped while it was sending: it looks for dead senders before its leases are renewed."""
    posted(house, KNOWN.AT_LEAST_ONCE)
    relay = house.relay_of()
    lease = relay.leases.new()
    assert house.deliveries.claim(ENDPOINT, house.clock.at, lease) is not None
    house.clock.goes_on(hours=1)
    with relay.leases.held(lease.token):
        assert relay.sweep() == 0 and house.relay_of().sweep() == 0  # nor do others: its lease was renewed
    house.clock.goes_on(hours=1)
    assert relay.sweep() == 1


def test_one_that_always_kills_its_sender_is_given_up(house: House) -> None:
    posted(house, KNOWN.IDEMPOTENT)
    for _ in range(MOST_TRIES):
        now = house.clock.now()
        assert house.deliveries.claim(ENDPOINT, now, Lease("elsewhere", "dead", now, now))
        house.clock.goes_on(seconds=1)
        (row,) = house.deliveries.under_way()
        assert house.deliveries.free(row["id"], "dead", house.clock.now(), "gone")
    assert house.relay() == {"failed": 1} and house.channel.parcels == []


def test_a_dead_process_of_this_host_is_known_at_once(house: House) -> None:
    """It has the number of this process, and began at another time."""
    posted(house, KNOWN.IDEMPOTENT)
    host, pid, began, space = house.relay_of().worker.split(":")
    died(house, f"{host}:{pid}:{int(began) - 1}:{space}")
    house.clock.at = AT
    assert house.relay() == {"sent": 1} and tries(house) == ["died", "sent"]


@pytest.mark.parametrize("where", ["elsewhere", "another:1:1:1", "here"])
def test_of_others_nothing_is_known_before_their_lease_ends(house: House, where: str) -> None:
    posted(house, KNOWN.IDEMPOTENT)
    died(house, house.relay_of().worker if where == "here" else where)
    house.clock.at = AT + LEASE
    assert house.relay() == {} and tries(house) == ["sending"]


# --- the plugin does not know ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", AGAIN)
def test_an_unknown_outcome_is_sent_again(house: House, policy: DeliveryPolicy) -> None:
    posted(house, policy)
    house.channel.behaviour = fails(OutcomeUnknown("cut off"))
    assert house.relay() == {"retry": 1}
    house.channel.behaviour = takes
    house.clock.goes_on(hours=1)
    assert house.relay() == {"sent": 1}
    assert len({one.key for one in house.channel.parcels}) == 1 and tries(house) == ["unknown", "sent"]


def test_an_unknown_outcome_at_most_once_is_left_to_a_person(house: House) -> None:
    posted(house, KNOWN.AT_MOST_ONCE)
    house.channel.behaviour = fails(OutcomeUnknown("cut off"))
    assert house.relay() == {"uncertain": 1}
    assert house.row(tables.delivery)["detail"].startswith("cut off; it may not be sent twice")


def test_an_unknown_outcome_is_asked_for_where_one_can(house: House) -> None:
    channel = asked(house, "FV-2026-00001")
    posted(house, KNOWN.RECONCILABLE)
    channel.behaviour = fails(OutcomeUnknown("cut off"))
    assert house.relay() == {"retry": 1}
    house.clock.goes_on(hours=1)
    assert house.relay() == {"sent": 1} and len(channel.parcels) == 1


# --- leases ---------------------------------------------------------------------------------------------------------


def test_a_lease_is_held_on_to_while_it_is_sent(house: House) -> None:
    """It would have ended twice over, had it not been renewed."""
    posted(house, KNOWN.AT_LEAST_ONCE)
    relay, second = house.relay_of(), house.beside()

    def slow(parcel: Parcel) -> Receipt:
        for _ in range(4):
            house.clock.at += LEASE / 2
            relay.leases.renew()
            assert second.relay() == {}
        return takes(parcel)

    house.channel.behaviour = slow
    assert dict(relay.run()) == {"sent": 1} and len(house.channel.parcels) == 1


# --- connections ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "becomes"), [(ConfigError("the host key changed"), "paused"), (AuthExpired("no login"), "needs_reauth")]
)
def test_a_connection_that_is_wrong_is_stopped_and_burns_no_try(house: House, error: Exception, becomes: str) -> None:
    posted(house, KNOWN.IDEMPOTENT, 5)
    house.channel.behaviour = fails(error)
    assert house.relay() == {"retry": 5} and len(house.channel.parcels) == 1
    assert house.row(tables.connection)["state"] == becomes
    for _ in range(2 * MOST_TRIES):
        house.clock.goes_on(hours=1)
        house.relay()
    assert len(house.channel.parcels) == 1
    assert {row["tries"] for row in house.rows(tables.delivery)} == {0} and tries(house) == []
    assert str(error) in house.rows(tables.delivery)[0]["detail"]


def test_what_waits_for_a_connection_goes_on_when_it_is_mended(house: House) -> None:
    posted(house, KNOWN.IDEMPOTENT, 2)
    house.channel.behaviour = fails(ConfigError("the host key changed"))
    house.relay()
    house.channel.behaviour = takes
    house.resume()
    assert house.relay() == {"sent": 2}


def test_who_asks_to_wait_for_ever_is_given_up_by_age(house: House) -> None:
    posted(house, KNOWN.IDEMPOTENT)
    house.channel.behaviour = fails(TryLater("quota", timedelta(days=5)))
    while house.relay() == {"retry": 1}:
        house.clock.goes_on(days=5)
    row = house.row(tables.delivery)
    assert row["state"] == "failed" and row["detail"].startswith("given up after 10 d, 3 tries: quota")
    assert house.clock.at - AT <= MOST_AGE


# --- several recipients ---------------------------------------------------------------------------------------------

TWO = '["a@one.example", "b@two.example", "c@three.example"]'


def receipt(**parts: dict[str, str]) -> Receipt:
    return Receipt("ref", "taken", **parts)  # type: ignore[arg-type]


def test_who_is_refused_is_told_and_the_rest_is_sent(house: House) -> None:
    posted(house, KNOWN.AT_LEAST_ONCE)
    house.change(tables.delivery, {"recipients": TWO})
    house.channel.behaviour = lambda parcel: receipt(refused={"b@two.example": "550 no such user"})
    assert house.relay() == {"sent": 1}
    row, event = house.row(tables.delivery), house.row(tables.delivery_event)
    assert row["detail"] == "taken; b@two.example: refused, 550 no such user"
    assert (event["recipient"], event["kind"], event["detail"]) == ("b@two.example", "rejected", "550 no such user")


def test_whom_it_reached_is_not_sent_it_again_with_those_who_come_later(house: House) -> None:
    posted(house, KNOWN.AT_LEAST_ONCE)
    house.change(tables.delivery, {"recipients": TWO})
    house.channel.behaviour = lambda parcel: receipt(later={"b@two.example": "451 greylisted"})
    assert house.relay() == {"sent": 1}
    first, second = house.rows(tables.delivery)
    assert (second["resent_of"], second["recipients"]) == (first["id"], '["b@two.example"]')
    assert (second["state"], second["detail"]) == ("pending", "b@two.example: 451 greylisted")
    assert house.relay() == {}
    house.clock.goes_on(minutes=1)
    house.channel.behaviour = takes
    assert house.relay() == {"sent": 1}
    assert [one.recipients for one in house.channel.parcels][1] == ("b@two.example",)


def test_when_it_reached_nobody_the_same_delivery_is_tried_again_for_those_who_may_get_it(house: House) -> None:
    posted(house, KNOWN.AT_LEAST_ONCE)
    house.change(tables.delivery, {"recipients": '["a@one.example", "b@two.example"]'})
    house.channel.behaviour = lambda parcel: receipt(refused={"a@one.example": "550"}, later={"b@two.example": "451"})
    assert house.relay() == {"retry": 1}
    assert house.row(tables.delivery)["recipients"] == '["b@two.example"]'


LISTS = ("recipients", "copies", "hidden_copies")
EVERYBODY = {"recipients": '["to@x.example"]', "copies": '["cc@x.example"]',
             "hidden_copies": '["one@hidden.example", "two@hidden.example"]'}  # fmt: skip


def lists_of(house: House) -> list[tuple[list[str], ...]]:
    return [tuple(json.loads(row[name]) for name in LISTS) for row in house.rows(tables.delivery)]


def come_later(house: House, *whom: str) -> None:
    """Everybody is written to, and these could not take it now."""
    posted(house, KNOWN.AT_LEAST_ONCE)
    house.change(tables.delivery, EVERYBODY)
    house.channel.behaviour = lambda parcel: receipt(later=dict.fromkeys(whom, "451 greylisted"))
    house.relay()


def test_a_hidden_copy_that_comes_later_stays_hidden(house: House) -> None:
    come_later(house, "cc@x.example", "one@hidden.example")
    assert lists_of(house)[1:] == [(["cc@x.example"], [], ["one@hidden.example"])]


def test_hidden_copies_that_come_later_do_not_see_each_other(house: House) -> None:
    come_later(house, "one@hidden.example", "two@hidden.example")
    assert lists_of(house)[1:] == [(["one@hidden.example"], [], []), (["two@hidden.example"], [], [])]


def test_what_reached_nobody_is_tried_again_with_everybody_in_their_own_list(house: House) -> None:
    come_later(house, "to@x.example", "cc@x.example", "one@hidden.example", "two@hidden.example")
    assert lists_of(house) == [tuple(json.loads(EVERYBODY[name]) for name in LISTS)]
    assert house.row(tables.delivery)["state"] == "retry"


def test_who_was_refused_is_not_tried_again(house: House) -> None:
    posted(house, KNOWN.AT_LEAST_ONCE)
    house.change(tables.delivery, EVERYBODY)
    refused = dict.fromkeys(("to@x.example", "cc@x.example"), "550 no")
    house.channel.behaviour = lambda parcel: receipt(refused=refused, later=dict.fromkeys(parcel.hidden_copies, "451"))
    house.relay()
    assert lists_of(house) == [(["one@hidden.example"], [], []), (["two@hidden.example"], [], [])]
    assert [row["state"] for row in house.rows(tables.delivery)] == ["retry", "pending"]


WHO = [f"{name}@x.example" for name in "abcdef"]


@given(st.permutations(WHO), st.integers(0, 5), st.integers(0, 5), st.sets(st.sampled_from([*WHO, "else@x.example"])))
def test_everybody_gets_it_later_once_and_nobody_sees_a_hidden_copy(
    whom: list[str], first: int, second: int, later: set[str]
) -> None:
    low, high = sorted((first, second))
    lists = {"recipients": whom[:low], "copies": whom[low:high], "hidden_copies": whom[high:]}
    parts = outcomes.parts(lists, sorted(later))
    assert sorted(one for part in parts for listed in part.values() for one in listed) == sorted(later)
    for part in parts:
        assert part["recipients"]
        others = sum(map(len, part.values())) > 1
        assert not others or not {*part["recipients"], *part["copies"]} & {*lists["hidden_copies"], "else@x.example"}


def test_when_everybody_is_refused_it_is_rejected(house: House) -> None:
    posted(house, KNOWN.AT_LEAST_ONCE)
    house.channel.behaviour = lambda parcel: receipt(refused=dict.fromkeys(parcel.recipients, "550"))
    assert house.relay() == {"rejected": 1}


# --- the log --------------------------------------------------------------------------------------------------------


def test_each_try_is_logged_with_who_when_and_what_came_of_it(house: House) -> None:
    posted(house, KNOWN.IDEMPOTENT)
    house.channel.behaviour = fails(TryLater("closed"))
    house.relay()
    house.clock.goes_on(hours=1)
    house.channel.behaviour = fails(Rejected("never"))
    house.relay()
    first, second = house.rows(tables.delivery_attempt)
    assert (first["number"], first["state"], first["detail"]) == (1, "retry", "closed; try 1, again in 30 s")
    assert (first["began_at"], first["ended_at"]) == (AT, AT) and first["worker"] == house.relay_of().worker
    assert (second["number"], second["state"], second["detail"]) == (2, "rejected", "never")


class Login(MemorySettings):
    password: SecretStr


def test_no_secret_is_in_the_log(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    class Chatty(MemoryChannel):
        settings_model = Login

        def deliver(self, parcel: Parcel, context: object) -> Receipt:
            secret = parcel.settings.password.get_secret_value()
            context.note(f"logging in with {secret}")  # type: ignore[attr-defined]
            raise Rejected(f"535 {secret} is wrong")

    monkeypatch.setenv("FACTOTUM_KEY", new_key())
    working = House(house.url, Plugins(house.plugins.formats, {"email": Chatty("email")}), house.clock)
    working.connect(box="out", password="hunter2-and-more")
    working.post(invoice())
    assert working.relay() == {"rejected": 1}
    row = working.row(tables.delivery_attempt)
    assert (row["notes"], row["detail"]) == ("logging in with ***", "535 *** is wrong")
    assert working.row(tables.delivery)["detail"] == "535 *** is wrong"
