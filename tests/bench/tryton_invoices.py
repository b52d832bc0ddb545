"""Run by peers.py with the Python of Tryton's own venv: posts invoices of 10 lines in Tryton, prints seconds as JSON.

One company, its chart, one tax of 20 %, a gapless sequence; SQLite in memory. In process: no network, no report, no
mail, but with validation. Imports nothing of ours.
"""

import contextlib
import datetime
import json
import os
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

LINES = 10
CLOCKS = {"cpu": time.process_time, "wall": time.perf_counter}


def activated() -> tuple[str, int]:
    """Make the database; its name and its user."""
    os.environ["DB_NAME"] = ":memory:"
    from trytond import config

    config.set("database", "uri", "sqlite://")
    from trytond.tests.test_tryton import DB_NAME, USER, activate_module

    activate_module("account_invoice")
    return DB_NAME, USER


def transaction(
    database: str, user: int, context: dict[str, Any], work: Callable[[], Any], locks: dict[str, Any]
) -> Any:
    """Run `work` as Tryton's own dispatcher does: again, with the table locked, when it finds out that it needs one."""
    from trytond.transaction import Transaction, TransactionError

    while True:
        with Transaction().start(database, user, context=context, **locks) as running:
            try:
                result = work()
                running.commit()
                return result
            except TransactionError as again:
                running.rollback()
                again.fix(locks)


def furnished() -> tuple[dict[str, int], dict[str, Any]]:
    """What an invoice needs: ids by name, and the context that postings run in."""
    from trytond.modules.account.tests.test_module import create_chart, get_fiscalyear
    from trytond.modules.account_invoice.tests.test_module import set_invoice_sequences
    from trytond.modules.company.tests.test_module import create_company, set_company
    from trytond.pool import Pool

    pool = Pool()
    company = create_company()
    with set_company(company):
        create_chart(company, tax=True)
        year = set_invoice_sequences(get_fiscalyear(company, datetime.date(2026, 3, 2)))
        year.save()
        pool.get("account.fiscalyear").create_period([year])
        accounts = pool.get("account.account")
        usable = [("closed", "!=", True), ("company", "=", company.id)]
        (receivable,) = accounts.search([("type.receivable", "=", True), *usable], limit=1)
        (revenue,) = accounts.search([("type.revenue", "=", True), *usable], limit=1)
        (tax,) = pool.get("account.tax").search([])
        (journal,) = pool.get("account.journal").search([("type", "=", "revenue")], limit=1)
        party = pool.get("party.party")(name="Horizon", account_receivable=receivable)
        party.addresses = [pool.get("party.address")()]
        party.save()
        term = pool.get("account.invoice.payment_term")(name="30")
        term.lines = [pool.get("account.invoice.payment_term.line")(type="remainder")]
        term.save()
        ids = {
            "company": company.id, "party": party.id, "account": receivable.id, "revenue": revenue.id,
            "tax": tax.id, "journal": journal.id, "payment_term": term.id, "invoice_address": party.addresses[0].id,
            "currency": company.currency.id,
        }  # fmt: skip
        context = dict(pool.get("res.user").get_preferences(context_only=True))
        return ids, context | {"_skip_warnings": True}  # of due dates in the past


class Desk:
    """Posts invoices, in transactions as Tryton's own dispatcher runs them."""

    def __init__(self) -> None:
        self.database, self.user = activated()
        self.ids, self.context = transaction(self.database, self.user, {}, furnished, {})
        self.locks: dict[str, Any] = {}  # what the last transaction had to lock: known up front to the next

    def transaction(self, work: Callable[[], Any], locks: dict[str, Any]) -> Any:
        return transaction(self.database, self.user, self.context, work, locks)

    def saved(self, number: int) -> list[int]:
        from trytond.pool import Pool

        pool, ids = Pool(), self.ids
        kinds = pool.get("account.invoice"), pool.get("account.invoice.line")
        invoices = []
        for _ in range(number):
            invoice = kinds[0](type="out", invoice_date=datetime.date(2026, 3, 2))
            for name in ("company", "party", "account", "journal", "payment_term", "invoice_address", "currency"):
                setattr(invoice, name, ids[name])
            invoice.lines = [
                kinds[1](
                    type="line", description=f"Lampe {place + 1}", quantity=place + 1, unit_price=Decimal("100.00"),
                    account=ids["revenue"], taxes=[ids["tax"]], company=ids["company"], currency=ids["currency"],
                    invoice_type="out",
                )
                for place in range(LINES)
            ]  # fmt: skip
            invoices.append(invoice)
        kinds[0].save(invoices)
        return [one.id for one in invoices]

    def posted(self, invoices: list[int]) -> list[str]:
        from trytond.pool import Pool

        kind = Pool().get("account.invoice")
        kind.post(kind.browse(invoices))
        return [one.number for one in kind.browse(invoices)]

    def as_shipped(self) -> Any:
        """Save, then post: two requests, each finding out its locks."""
        ids = self.transaction(lambda: self.saved(1), {})
        return self.transaction(lambda: self.posted(ids), {})

    def at_best(self, number: int) -> Any:
        """One transaction that knows its locks."""
        return self.transaction(lambda: self.posted(self.saved(number)), self.locks)


def spent(work: Callable[[], Any], rounds: int, each: int) -> dict[str, float]:
    """Milliseconds of one invoice, the median of some rounds, by clock."""
    found: dict[str, list[float]] = {name: [] for name in CLOCKS}
    for _ in range(rounds):
        start = {name: clock() for name, clock in CLOCKS.items()}
        if not all(work()):
            raise SystemExit("an invoice got no number")
        for name, clock in CLOCKS.items():
            found[name].append((clock() - start[name]) / each * 1e3)
    return {name: sorted(times)[len(times) // 2] for name, times in found.items()}


def main(rounds: int, batch: int) -> None:
    with contextlib.redirect_stdout(sys.stderr):
        desk = Desk()
        desk.as_shipped()
        desk.at_best(1)
        found = {
            "as shipped": spent(desk.as_shipped, rounds, 1),
            "best, one by one": spent(lambda: desk.at_best(1), rounds, 1),
            "batch": spent(lambda: desk.at_best(batch), 3, batch),
        }
    from trytond import __version__

    print(json.dumps({"version": __version__, "batch of": batch, "ms": found}))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
