"""A delivery rule that names a connection nobody has configured is told before its deliveries wait for it."""

from datetime import date
from typing import Any

import pytest

from engine.lint import Finding, connected
from engine.parametrization.definitions import DeliveryRule
from tests.support.packs import catalog

ON = date(2026, 7, 1)


def told(*connections: str, **rule: Any) -> list[Finding]:
    one = DeliveryRule(**{"id": "MAIL", "channel": "email", "connection": "OFFICE"} | rule)
    return [*connected.look(catalog(one), connections, ON)]


def test_a_connection_that_is_configured_is_not_told() -> None:
    assert told("OFFICE") == [] and told("OFFICE", "POST", postal="POST") == []


def test_one_that_is_not_is_told_with_the_command_that_makes_it() -> None:
    (found,) = told()
    assert (found.code, found.severity) == ("lint_connection_not_configured", "warning")
    assert (found.table, found.key) == ("delivery_rule", "MAIL/*") and "`connection`" in found.message
    assert "factotum plugin configure OFFICE --channel email" in found.remedy


def test_one_that_is_mistyped_is_told_with_what_may_be_meant() -> None:
    (found,) = told("OFICE")
    assert "did you mean 'OFICE'?" in found.remedy


def test_the_post_that_is_the_last_way_out_is_looked_at_too() -> None:
    (found,) = told("OFFICE", postal="POST")
    assert "`postal`" in found.message and "POST" in found.message


@pytest.mark.parametrize("over", [{"active": False}, {"valid_to": date(2026, 6, 30)}])
def test_a_rule_that_holds_no_more_is_passed_over(over: dict[str, Any]) -> None:
    assert told(**over) == []


def test_a_rule_to_come_is_looked_at() -> None:
    assert told(valid_from=date(2027, 1, 1))
