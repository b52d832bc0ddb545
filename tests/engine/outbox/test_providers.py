"""A delivery rule may name a provider: what it prepares is pushed, and asked for when nobody knows whether it came."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from engine.outbox.leases import LEASE
from engine.outbox.store import Lease
from engine.spi import DeliveryPolicy, DocumentView, OutcomeUnknown, PluginContext, Prepared, Rejected, RemoteRef
from engine.spi.host import Plugins
from engine.storage import tables
from tests.support.fakes import REACHED, MemoryChannel, MemorySettings, PlainFormat
from tests.support.house import AT, House, invoice

RULE = """
[[delivery_rule]]
id = "BOOKS"
company = "LYON"
channel = "books"
connection = "BOOKS"
"""


class Books:
    """A provider that keeps what is pushed, by key. `after` happens when it has been kept."""

    name, settings_model = "books", MemorySettings

    def __init__(self, after: Callable[[], None] = lambda: None) -> None:
        self.kept: dict[str, Prepared] = {}
        self.after, self.pushes = after, 0

    def policy_of(self, settings: MemorySettings) -> DeliveryPolicy:
        return DeliveryPolicy.RECONCILABLE

    def test(self, settings: MemorySettings, context: PluginContext) -> object:
        return REACHED

    def prepare(self, document: DocumentView, settings: MemorySettings) -> Prepared:
        if document.subject == "no":
            raise Rejected("it has no name for this")
        return Prepared("invoice", {"total": document.totals.gross}, ("rounded by a cent",))

    def push(self, prepared: Prepared, key: str, settings: MemorySettings, context: PluginContext) -> RemoteRef:
        self.kept[key] = prepared
        self.pushes += 1
        self.after()
        return self._ref(key)

    def find(self, prepared: Prepared, key: str, settings: MemorySettings, context: PluginContext) -> RemoteRef | None:
        return self._ref(key) if key in self.kept else None

    def _ref(self, key: str) -> RemoteRef:
        place = [*self.kept].index(key) + 1
        return RemoteRef(f"R{place}", "invoice", f"{place}/2026", "Acme", web_url=f"https://books.example/{place}")


@pytest.fixture
def books() -> Books:
    return Books()


@pytest.fixture
def lyon(house: House, books: Books, tmp_path: Path) -> House:
    channel = MemoryChannel("email")
    plugins = Plugins({"facturx": PlainFormat("facturx")}, {"email": channel}, providers={"books": books})  # type: ignore[dict-item]
    working = house.beside(plugins)
    working.apply(tmp_path, "RULES", RULE)
    working.connect("BOOKS", "books")
    working.connect()
    return working


def row(house: House) -> dict[str, object]:
    return house.row(tables.delivery, channel="books")


def test_it_is_prepared_then_pushed(lyon: House, books: Books) -> None:
    answer = lyon.post(invoice(), company="LYON")
    assert ["books"] in [[one["channel"]] for one in answer["deliveries"]]
    assert lyon.relay() == {"sent": 2}
    assert (row(lyon)["reference"], row(lyon)["recipients"]) == ("R1", '["books"]')
    assert row(lyon)["detail"] == "invoice 1/2026, id R1; account Acme; https://books.example/1"
    assert "rounded by a cent" in [one["notes"] for one in lyon.rows(tables.delivery_attempt)]


def test_what_it_cannot_tell_is_rejected_before_anything_is_pushed(lyon: House, books: Books) -> None:
    lyon.post(invoice(), company="LYON", subject="no")
    assert lyon.relay() == {"rejected": 1, "sent": 1} and not books.kept


def test_a_push_nobody_knows_the_outcome_of_is_asked_for(lyon: House, books: Books) -> None:
    def cut_off() -> None:
        raise OutcomeUnknown("no answer")

    books.after = cut_off
    lyon.post(invoice(), company="LYON")
    assert lyon.relay() == {"retry": 1, "sent": 1}
    lyon.clock.goes_on(hours=1)
    assert lyon.relay() == {"sent": 1}
    assert books.pushes == 1 and str(row(lyon)["detail"]).startswith("it had arrived already; invoice 1/2026")


def test_a_push_that_never_came_is_made_once_its_sender_is_dead(lyon: House, books: Books) -> None:
    lyon.post(invoice(), company="LYON")
    assert lyon.deliveries.claim(("books", "BOOKS"), AT, Lease("elsewhere", "dead", AT, AT + LEASE))
    lyon.clock.at = AT + LEASE + timedelta(seconds=1)
    assert lyon.relay() == {"sent": 2} and books.pushes == 1


def test_a_rule_that_names_neither_channel_nor_provider_is_refused(lyon: House, tmp_path: Path) -> None:
    from engine.kernel.faults import Faulty

    with pytest.raises(Faulty) as faulty:
        lyon.apply(tmp_path, "OTHER", RULE.replace("books", "bocks").replace("BOOKS", "BOCKS"))
    (fault,) = faulty.value.faults
    assert fault.code == "unknown_channel" and fault.remedy == "did you mean 'books'?"
