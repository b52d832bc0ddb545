"""A house for one check: a database of its own with pack DEMO, one rule that sends over the channel in question."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from engine import flow
from engine.app import make_house
from engine.conformance.kit import AT, Subject
from engine.flow import Actor, Context
from engine.outbox.vault import Vault
from engine.spi.host import Plugins, load_plugins
from engine.spi.net import GuardedNetwork, networks
from engine.spi.samples import Remote

RULE = """
[pack]
code = "KIT"
version = "1"
requires = ["DEMO"]

[[delivery_rule]]
id = "KIT"
company = "PARIS"
channel = "{channel}"
format = "facturx"
connection = "KIT"
"""
INVOICE: dict[str, Any] = {
    "company": "PARIS",
    "date": "2026-03-02",
    "customer": {
        "code": "C0001", "name": "Épicerie Horizon SARL", "country": "FR", "vat_number": "FR74999900012",
        "registration": {"scheme": "0002", "id": "999900012"}, "email": "achats@horizon.example",
        "electronic_address": {"scheme": "0225", "id": "999900012"}, "phone": "+33612345678", "language": "fr",
        "address": {"street": "8 place du Marché", "postcode": "35000", "city": "Rennes", "country": "FR"},
    },
    "lines": [{"description": "Lampe", "quantity": "1", "unit_price": "100.00", "tax_code": "FR20", "nature": "goods"}],
}  # fmt: skip


class StandingClock:
    def now(self) -> Any:
        return AT


def relayed(subject: Subject, remote: Remote) -> list[str]:
    """The states of our delivery after an invoice is posted and relayed once."""
    from engine.outbox.connections import Switchboard

    clock = StandingClock()
    context = Context(Actor("kit", lambda action, company, type: True), clock)
    with TemporaryDirectory(dir=subject.folder) as name:
        folder = Path(name)
        house = make_house(f"sqlite:///{folder / 'kit.db'}", _plugins(subject))
        house.switchboard = lambda clock: Switchboard(  # type: ignore[method-assign]
            house.connections, Vault({"kit": bytes(32)}), GuardedNetwork(networks("127.0.0.0/8, ::1/128")), clock.now
        )
        (folder / "pack").mkdir()
        (folder / "pack" / "pack.toml").write_text(RULE.format(channel=subject.name), encoding="utf-8")
        flow.apply_packs(house, context, flow.plan_packs(house, context, ["DEMO", str(folder / "pack")]))
        flow.configure(house, context, "KIT", subject.name, remote.settings)
        flow.test_connection(house, context, "KIT")
        flow.activate(house, context, "KIT")
        posted = flow.post(house, context, INVOICE)
        flow.relay(house, context)
        listed = flow.list_deliveries(house, context, document=str(posted["id"]))
        house.database.close()
    return [one["state"] for one in listed if one["connection"] == "KIT"]


def _plugins(subject: Subject) -> Plugins:
    """All that is installed, and the one in question."""
    found, ours = load_plugins(), subject.plugins
    return replace(found, channels={**found.channels, **ours.channels}, formats={**found.formats, **ours.formats})
