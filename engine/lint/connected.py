"""Delivery rules that name a connection nobody has configured here: what they would send waits, and nobody knows.

Connections are state of the installation, which no pack holds, so this look is given their codes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date

from engine.kernel.faults import nearest
from engine.lint.findings import Finding, FindingKind
from engine.parametrization.catalog import Catalog
from engine.parametrization.definitions import DeliveryRule

NOT_CONFIGURED = FindingKind(
    "lint_connection_not_configured",
    "warning",
    "`{field}` names the connection {connection}, which is not configured here: what the rule sends waits for it",
    "{remedy}",
)


def look(catalog: Catalog, connections: Collection[str], on: date) -> Iterator[Finding]:
    """Every rule that is in force, or will be, with each connection of it that is missing."""
    for rule in catalog.table(DeliveryRule).values():
        if not rule.active or (rule.valid_to and rule.valid_to < on):
            continue
        for field, code in (("connection", rule.connection), ("postal", rule.postal)):
            if code and code not in connections:
                channel = rule.channel if field == "connection" else "CHANNEL"
                guess = nearest(code, connections, "mend the rule")
                remedy = f"`factotum plugin configure {code} --channel {channel}`; or {guess}"
                yield NOT_CONFIGURED.at(rule, field=field, connection=code, remedy=remedy)
