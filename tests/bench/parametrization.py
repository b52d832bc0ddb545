"""Selection and planning at 5,000 invoice types, 60 legislations, 200 groups."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

from engine import flow
from engine.app import make_house, system_context
from engine.parametrization.bodies import to_text
from engine.parametrization.catalog import Catalog
from engine.parametrization.definitions import Company, CompanyGroup, InvoiceType
from engine.selection import choose
from tests.bench.figures import Figure, Line, lines
from tests.support import selection_sql
from tests.support.packs import company

DAY = date(2026, 3, 1)
TYPES, LEGISLATIONS, GROUPS, COMPANIES = 5_000, 60, 200, 120


def legislation(place: int) -> str:
    return "X" + chr(65 + place // 26) + chr(65 + place % 26)


def world(seed: int = 1) -> tuple[list[InvoiceType], list[CompanyGroup], list[Company]]:
    """Types, groups that hold a company of their types' legislation, companies."""
    dice = random.Random(seed)  # noqa: S311  a seeded world, no secret
    companies = [company(f"C{place:03}", legislation(place % LEGISLATIONS)) for place in range(COMPANIES)]
    groups = []
    for place in range(GROUPS):
        anchor = companies[place % COMPANIES]
        others = dice.sample(companies, 5)
        groups.append(CompanyGroup(code=f"G{place:03}", companies=tuple({one.code for one in [anchor, *others]})))
    types = {}
    while len(types) < TYPES:
        where = dice.randrange(LEGISLATIONS + 5)
        law = legislation(where) if where < LEGISLATIONS else ""
        fitting = [
            group.code for place, group in enumerate(groups) if legislation(place % COMPANIES % LEGISLATIONS) == law
        ]
        one = InvoiceType(
            code=f"{dice.randrange(400):04}",
            module="sales",
            category=dice.choice(["invoice", "credit_note"]),
            legislation=law,
            company_group=dice.choice(fitting) if fitting and dice.random() < 0.3 else "",
            active=dice.random() < 0.95,
            entry_type="E",
            automatic_journal="J",
        )
        types[one.key] = one
    return list(types.values()), groups, companies


def best(work: Callable[[], object], rounds: int = 5) -> float:
    """CPU seconds, the best of some rounds."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def pack(folder: Path) -> Path:
    """The same world as a pack of TOML."""
    types, groups, companies = world()
    parts = ['[pack]\ncode = "BIG"\nversion = "1"\n[folder]\nlanguage = "en"\n']
    for place in range(LEGISLATIONS):
        parts.append(
            f'[[legislation]]\ncode = "{legislation(place)}"\ncountry = "FR"\ncurrency = "EUR"\nlanguage = "fr"\n'
        )
    for one in companies:
        parts.append(
            f'[[company]]\ncode = "{one.code}"\nname = "{one.name}"\nlegislation = "{one.legislation}"\n'
            'address = { country = "FR" }\n'
        )
    for group in groups:
        members = ", ".join(f'"{member}"' for member in group.companies)
        parts.append(f'[[company_group]]\ncode = "{group.code}"\ncompanies = [{members}]\n')
    for kind in types:
        parts.append(
            f'[[invoice_type]]\ncode = "{kind.code}"\nmodule = "sales"\ncategory = "{kind.category}"\n'
            f'legislation = "{kind.legislation}"\ncompany_group = "{kind.company_group}"\n'
            f'active = {str(kind.active).lower()}\nentry_type = "E"\nautomatic_journal = "J"\n'
            'description = { en = "A type", fr = "Un type" }\n'
        )
    parts.append(
        '[[chart]]\ncode = "K"\n[[ledger]]\ncode = "L"\nchart = "K"\n'
        '[[account]]\nchart = "K"\ncode = "1"\npartner = true\n'
        '[[journal]]\ncode = "J"\nkind = "sales"\n'
        '[[entry_type]]\ncode = "E"\ncounter = "N"\ndefault_journal = "J"\nledgers = { L = "mandatory" }\n'
        '[[counter]]\ncode = "N"\n[[counter.component]]\nposition = 1\nkind = "sequence"\nlength = 8\n'
        '[[automatic_journal]]\ncode = "J"\n'
        '[[automatic_journal.line]]\nid = "a"\nside = "debit"\naccount = ["1"]\namount = "document.gross"\n'
        '[[automatic_journal.line]]\nid = "b"\nside = "credit"\naccount = ["1"]\namount = "document.gross"\n'
    )
    place = folder / "BIG"
    place.mkdir()
    (place / "pack.toml").write_text("\n".join(parts), encoding="utf-8")
    return place


def figures() -> Iterator[Line]:
    types, groups, companies = world()
    bodies = {
        "invoice_type": {one.key: to_text(one) for one in types},
        "company_group": {one.key: to_text(one) for one in groups},
    }
    records: dict[str, dict[str, str | InvoiceType | CompanyGroup]] = {
        "invoice_type": {one.key: one for one in types},
        "company_group": {one.key: one for one in groups},
    }
    questions = [(one.code, asked) for one in types[:200] for asked in companies[:10]]
    catalog, database = Catalog(records), selection_sql.filled(types, groups)

    def index() -> None:
        for code, asked in questions:
            catalog.one(InvoiceType, ("sales", code), asked, DAY)

    def sql() -> None:
        for code, asked in questions:
            selection_sql.one(database, "sales", code, asked.code, asked.legislation, DAY)

    def cold() -> None:
        fresh = Catalog(records)
        fresh.one(InvoiceType, ("sales", "0001"), companies[0], DAY)
        fresh.groups_of("C000")

    def read() -> None:
        Catalog(bodies).scopes(InvoiceType)

    by_index, by_sql = best(index) / len(questions), best(sql) / len(questions)
    listed = best(lambda: choose(catalog, companies[0], DAY))
    yield Figure("one code, index", by_index * 1e6, "µs", gate=2, goal=0.5)
    words = f"SQL in memory: {by_sql * 1e6:.1f} µs"
    yield Figure("one code, faster than SQL", by_sql / by_index, "×", gate=20, floor=True, note=words)
    yield Figure("index build", best(cold) * 1e3, "ms", gate=100)
    yield Figure("reading 5,000 bodies first", best(read) * 1e3, "ms")
    yield Figure("whole list of one company", listed * 1e3, "ms")
    yield planned()


def planned() -> Figure:
    """A plan of the whole pack when nothing has changed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        house, context = make_house(f"sqlite:///{folder / 'bench.db'}"), system_context()
        place = str(pack(folder))
        first = flow.plan_packs(house, context, [place])
        if first.faults:
            raise SystemExit("\n".join(map(str, first.faults[:10])))
        flow.apply_packs(house, context, first)
        again = best(lambda: flow.plan_packs(house, context, [place]), rounds=1)
    return Figure("plan of the pack against itself", again, "s CPU", gate=10)


TITLE = f"selection: {TYPES:,} types, {LEGISLATIONS} legislations, {GROUPS} groups"

if __name__ == "__main__":
    print("\n".join(lines(TITLE, list(figures()))))
