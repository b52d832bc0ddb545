"""A posted row of which one byte is another is found, whichever byte of whichever column."""

import sqlite3
from contextlib import closing

from tests.soak.checker import check
from tests.soak.mutations import filled, missed
from tests.support.house import House


def test_a_thousand_changed_bytes_are_found(sqlite_house: House) -> None:
    house = filled(sqlite_house)
    assert not house.verify() and not check(house.url).violations
    by_verify, by_checker = missed(house, 1_000, seed=1, checked=10)
    assert (by_verify, by_checker) == ([], [])
    assert not house.verify(), "a change was not taken back"


def test_the_checker_names_what_is_wrong(sqlite_house: House) -> None:
    """One change of each kind that a broken store does not make by itself."""
    filled(sqlite_house)
    changes = {
        "date": "UPDATE document SET date = '2026-03-01' WHERE value = 2",
        "number": "UPDATE document SET number = 'FV-2026-00099' WHERE value = 2",
        "head": "UPDATE counter_series SET value = value + 1",
        "totals": "UPDATE document SET payable = payable + 1 WHERE value = 2",
        "balance": "UPDATE entry_line SET debit = debit + 1 WHERE debit > 0",
        "chain": "UPDATE document SET partner_name = 'Somebody Else' WHERE value = 2",
        "outbox": "DELETE FROM delivery WHERE id IN (SELECT id FROM delivery LIMIT 1)",
        "audit": "DELETE FROM audit WHERE id IN (SELECT id FROM audit LIMIT 1)",
        "seal": "UPDATE seal_chain SET position = position + 1",
        "part": "DELETE FROM document WHERE value = 2",
        "unreadable": "UPDATE document SET date = 'soon' WHERE value = 2",
    }
    file = sqlite_house.database.file
    assert file is not None
    for kind, change in changes.items():
        copy = file.with_name(f"{kind}.db")
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
            for (trigger,) in target.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                target.execute(f"DROP TRIGGER {trigger}")
            target.execute(change)
            target.commit()
        assert kind in check(f"sqlite:///{copy}").kinds, kind
