"""The relay: claim a delivery that is due, render it, hand it over, write down what came of it.

No database transaction is open while rendering or sending. A row is claimed with a lease and a token; the lease is
renewed while it is sent, and every result is guarded by both. Who lost a lease changes nothing, but that what surely
was taken, or refused, settles a row that nobody works on. A row whose sender died is in doubt, and the channel's policy
says what is done: ask, send again, or wait for a person.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from engine.kernel.clock import Clock
from engine.kernel.errors import EngineError
from engine.outbox import outcomes, places
from engine.outbox.connections import Ready, Switchboard
from engine.outbox.deliveries import NOBODY, recipients_of
from engine.outbox.leases import LEASE, Leases
from engine.outbox.messages import Words
from engine.outbox.outcomes import Outcome, again, of_receipt
from engine.outbox.parcels import NotOffered, parcel_of
from engine.outbox.store import Claimed, DeliveryStore, Endpoint, Row
from engine.outbox.words import in_words, plugin_fault, written
from engine.spi.contracts import (
    AuthExpired,
    ConfigError,
    DeliveryChannel,
    DeliveryPolicy,
    DocumentFormat,
    DocumentView,
    Message,
    NotFound,
    OutcomeUnknown,
    Parcel,
    PluginError,
    Receipt,
    Rejected,
    TryLater,
)

MOST_NOTES = 8000
"""Signs of what a plugin noted in one try that are kept."""
DIED = "its sender died, or stood still for too long"


class Held(Exception):
    """Nothing was tried: it was sent already, and a person lets it go."""


class NotUsable(Exception):
    """Nothing was tried: a plugin is missing, or its connection cannot be used now."""


@dataclass(frozen=True)
class Relay:
    store: DeliveryStore
    formats: Mapping[str, DocumentFormat]
    channels: Mapping[str, DeliveryChannel]  # providers among them: see providers.py
    connections: Switchboard
    clock: Clock
    worker: str = field(default_factory=places.here)
    lease: timedelta = LEASE
    words: Words | None = None  # what makes messages; without it a channel finds its own

    def __post_init__(self) -> None:
        object.__setattr__(self, "leases", Leases(self.store, self.clock, self.worker, self.lease))

    leases: Leases = field(init=False, repr=False)

    def run(self, progress: Callable[[], None] = lambda: None) -> Counter[str]:
        """Work through everything that is due now, once; how many came to each state.

        Each endpoint has a thread of its own. `progress` is called after each delivery, from the thread that worked.
        """
        done: Counter[str] = Counter()
        self.sweep()
        began = self.clock.now()
        endpoints = list(self.store.endpoints(began))
        if not endpoints:
            return done
        with self.leases.renewed(), ThreadPoolExecutor(len(endpoints), thread_name_prefix="relay") as pool:
            for counted in pool.map(lambda endpoint: self._all(endpoint, began, progress), endpoints):
                done.update(counted)
        return done

    def _all(self, endpoint: Endpoint, began: datetime, progress: Callable[[], None]) -> Counter[str]:
        """One endpoint, row after row, as they stood when we began: a retry is due later than now."""
        done: Counter[str] = Counter()
        while counted := self.step(endpoint, began):
            done.update(counted)
            progress()
        done.pop("lost", None)
        return done

    def step(self, of: Endpoint | int, due_by: datetime | None = None, worker: str = "") -> Counter[str]:
        """The next due delivery of an endpoint, or a certain one: what it came to, nothing when nothing was due.

        `lost`: it was tried, and what came of it is not for us to write any more, or could not be written.
        """
        lease = self.leases.new(worker)
        claimed = self.store.claim(of, due_by or lease.now, lease)
        if claimed is None:
            return Counter()
        with self.leases.held(lease.token):
            try:
                return self._settled(claimed)
            except EngineError:  # a busy database: the row stays ours until its lease ends
                return Counter(lost=1)

    def sweep(self) -> int:
        """Free what senders left behind that are known to be dead, or whose lease has ended; how many.

        What is under way here is not dead, however far the clock stepped while this process stood still.
        """
        self.leases.renew()
        now, freed = self.clock.now(), 0
        for row in self.store.under_way():
            if self.leases.holds(row["lease_token"] or ""):
                continue
            if row["lease_until"] is None or row["lease_until"] < now or places.gone(row["worker"]):
                freed += self.store.free(row["id"], row["lease_token"] or "", now, DIED)
        return freed

    def _settled(self, claimed: Claimed) -> Counter[str]:
        tried = _Try(self, claimed)
        try:
            outcome = tried.outcome()
        except Held as why:
            assert self.words is not None  # noqa: S101 - it found the twin
            self.words.store.hold(claimed.row, written(str(why)), self.clock.now())
            return Counter(held=1)
        except NotUsable as why:
            pause = outcomes.FIRST_LOOK if claimed.was == outcomes.PENDING else outcomes.LATER_LOOK
            now, words = self.clock.now(), written(f"{tried.masked(str(why))}; again in {in_words(pause)}")
            return Counter(retry=self.store.wait(claimed, now + pause, words, now))
        finished = self.store.finish(tried.claimed, outcome, tried.noted(), self.clock.now())
        return Counter({outcome.state if finished else "lost": 1})


class _Try:
    """One try. Whatever a plugin does, it ends as an outcome."""

    def __init__(self, relay: Relay, claimed: Claimed) -> None:
        self._relay, self.claimed = relay, claimed
        self._notes: list[str] = []
        self._ready: Ready | None = None
        self._before = ""  # what is said of it before what came of it

    def masked(self, words: str) -> str:
        return self._ready.mask(words) if self._ready else words

    def noted(self) -> str:
        return written("\n".join(self._notes), MOST_NOTES)

    def outcome(self) -> Outcome:
        """Errors: NotUsable."""
        try:
            return self._came_to()
        except (NotUsable, Held):
            raise
        except TryLater as later:
            return self._again(later)
        except EngineError as ours:  # such as a database that is busy: no fault of the plugin
            return self._again(TryLater(str(ours)))
        except Rejected as refused:
            return Outcome(outcomes.REJECTED, written(self.masked(refused.reason)))
        except BaseException as bug:  # a plugin may fail in any way, sys.exit included: the row is parked
            return Outcome(outcomes.FAILED, written(self.masked(plugin_fault(bug))))

    def _came_to(self) -> Outcome:
        relay, claimed, row = self._relay, self.claimed, self.claimed.row
        channel = relay.channels.get(row["channel"])
        if channel is None:
            raise NotUsable(f"no plugin offers the channel {row['channel']}")
        ready = self._made_ready(channel)
        policy = DeliveryPolicy(channel.policy_of(ready.settings))
        if claimed.doubtful and policy is DeliveryPolicy.AT_MOST_ONCE:
            return self._uncertain("an earlier try may have reached them")
        twin = relay.words.twin(row) if relay.words else None
        if twin and twin.blocks:
            release = f"`factotum delivery release {row['id']}`"
            raise Held(f"held: {twin.words}; let it go all the same with {release}")
        self._before = f"{twin.words}; " if twin else ""
        try:
            keep = partial(relay.store.keep, row, relay.clock.now())
            view = relay.store.view(row["document"])
            row = self._addressed(channel, view)
            parcel = parcel_of(row, view, ready.settings, relay.formats, keep, self._message(view))
        except NotOffered as missing:
            raise NotUsable(str(missing)) from missing
        try:
            return self._handed_over(channel, policy, parcel)
        except AuthExpired as expired:
            renewed = relay.connections.refused(
                row["connection"], AuthExpired(self.masked(expired.reason)), ready.digest
            )
            words = "had an old login, which was renewed" if renewed else "needs a new login"
            raise NotUsable(f"connection {row['connection']} {words}: {expired.reason}") from expired
        except ConfigError as wrong:
            relay.connections.stopped(row["connection"], self.masked(wrong.reason), ready.digest)
            if wrong.may_be_taken:
                return self._unknown(policy, wrong.reason)
            raise NotUsable(f"connection {row['connection']} is stopped: {wrong.reason}") from wrong
        except OutcomeUnknown as unknown:
            return self._unknown(policy, unknown.reason)

    def _unknown(self, policy: DeliveryPolicy, why: str) -> Outcome:
        """It may have been taken: the policy says what is done."""
        if policy is DeliveryPolicy.AT_MOST_ONCE:
            return self._uncertain(why)
        return self._again(TryLater(why), outcomes.UNKNOWN)

    def _addressed(self, channel: DeliveryChannel, view: DocumentView) -> Row:
        """The row with its recipients: one that was posted while its plugin was missing has them from now on.

        Errors: Rejected.
        """
        row = self.claimed.row
        if not json.loads(row["recipients"]):
            whom = recipients_of(row, channel, lambda id: view)
            if not whom:
                raise Rejected(NOBODY)
            row = {**row, "recipients": json.dumps(whom, ensure_ascii=False)}
            self.claimed = replace(self.claimed, row=row)
        return row

    def _message(self, view: DocumentView) -> Message | None:
        """The words that go with it. Errors: NotUsable."""
        try:
            return self._relay.words.of(self.claimed.row, view) if self._relay.words else None
        except TryLater as why:  # a template that is not there can be mended while it waits
            raise NotUsable(why.reason) from why

    def _made_ready(self, channel: DeliveryChannel) -> Ready:
        row = self.claimed.row
        try:
            self._ready = self._relay.connections.ready(row["connection"], channel, row["company"], self._notes.append)
        except TryLater as why:
            raise NotUsable(why.reason) from why
        except EngineError as why:  # such as a key that is not here
            raise NotUsable(str(why)) from why
        return self._ready

    def _handed_over(self, channel: Any, policy: DeliveryPolicy, parcel: Parcel) -> Outcome:
        assert self._ready is not None  # noqa: S101 - see _came_to
        relay, claimed = self._relay, self.claimed
        if (claimed.doubtful or claimed.parked) and policy is DeliveryPolicy.RECONCILABLE:
            self._settles()
            found = _found(channel, parcel, self._ready)
            if found is not None:
                return self._received(found, parcel, "it had arrived already; ")
            relay.store.cleared(claimed)
        if claimed.tries > outcomes.MOST_TRIES:  # whoever tried it last did not live to tell
            return Outcome(outcomes.FAILED, f"given up after {outcomes.MOST_TRIES} tries")
        try:
            return self._received(channel.deliver(parcel, self._ready.context), parcel, self._before)
        except PluginError:
            raise
        except (Exception, SystemExit) as bug:  # before it was taken, or after
            if policy is DeliveryPolicy.AT_MOST_ONCE:
                return self._uncertain(plugin_fault(bug))
            raise

    def _settles(self) -> None:
        """What a dead sender had begun may arrive yet: asking too soon would send a twin. Errors: TryLater."""
        now, settled = self._relay.clock.now(), self.claimed.settled_at
        if settled is not None and now < settled:
            raise TryLater(
                "its sender died; it is asked for when nothing of it can be under way any more", settled - now
            )

    def _received(self, receipt: Receipt, parcel: Parcel, before: str = "") -> Outcome:
        if not isinstance(receipt, Receipt):
            raise TypeError(f"its channel gave {receipt!r}, which is no Receipt")
        receipt = Receipt(
            self.masked(receipt.reference or ""),
            before + self.masked(receipt.detail or "handed over"),
            {who: self.masked(why) for who, why in receipt.refused.items()},
            {who: self.masked(why) for who, why in receipt.later.items()},
        )
        addressed = (*parcel.recipients, *parcel.copies, *parcel.hidden_copies)
        claimed = self.claimed
        now = self._relay.clock.now()
        return of_receipt(receipt, addressed, claimed.tries, claimed.began, now)

    def _uncertain(self, why: str) -> Outcome:
        call = f"`factotum delivery resolve {self.claimed.row['id']}`"
        words = f"{self.masked(why)}; it may not be sent twice, so a person says what came of it: {call}"
        return Outcome(outcomes.UNCERTAIN, written(words))

    def _again(self, later: TryLater, attempt: str = "") -> Outcome:
        claimed = self.claimed
        masked = TryLater(self.masked(later.reason), later.after)
        return again(claimed.tries, claimed.began, self._relay.clock.now(), masked, attempt)


def _found(channel: Any, parcel: Parcel, ready: Ready) -> Receipt | None:
    """What the other side has of a parcel. Errors: TryLater when it cannot be said now."""
    try:
        found: Receipt | None = channel.find(parcel, ready.context)
    except NotFound:
        return None
    except OutcomeUnknown as unknown:
        raise TryLater(unknown.reason) from unknown
    return found
