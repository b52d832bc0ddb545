"""Where the databases of the bench lie, and what is in them: pack DEMO, eight companies more, an account for each line.

In memory means on tmpfs, where a flush costs nothing; both databases flush as they always do.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from engine import flow
from engine.app import make_house, system_context
from tests.support import databases
from tests.support.house import invoice, line, written

COMPANIES, LINES = 8, 10
SQLITE, POSTGRESQL = "sqlite", "postgresql"
_ACCOUNTS = "".join(
    f'[[account]]\nchart = "PCG"\ncode = "{code}"\ndescription = {{ fr = "Ventes {code}" }}\n'
    for code in range(70701, 70701 + LINES)
)
_COMPANY = """
[[company]]
code = "BENCH{place}"
name = "Banc {place} SAS"
legislation = "FRA"
currency = "EUR"
language = "fr"
time_zone = "Europe/Paris"
vat_number = "FR01820043784"
registration = {{ scheme = "0002", id = "820043784" }}
legal_form = "SAS"
email = "banc@maison-beaulieu.example"
phone = "+33 1 99 00 12 34"
address = {{ street = "14 rue des Tanneurs", postcode = "75003", city = "Paris", country = "FR" }}
bank_accounts = [{{ iban = "FR7630099001010001234567866", bic = "DEMOFRPPXXX" }}]
payment_terms = "NET30"
default_type.sales.invoice = "FACT"
"""


def document(key: str = "", company: int = 1, lines: int = LINES) -> dict[str, Any]:
    """An invoice: each line its own account, one tax, a mail to be sent; so 10 lines make 12 entry lines."""
    rows = [
        line(description=f"Lampe {place + 1}", quantity=f"{place + 1}", account=f"{70701 + place % LINES}")
        for place in range(lines)
    ]
    return invoice(rows, company=f"BENCH{company}") | ({"key": key} if key else {})


def prepare(url: str) -> None:
    """Migrate a database and apply DEMO and the bench's own pack."""
    house, context = make_house(url), system_context()
    with tempfile.TemporaryDirectory() as folder:
        companies = "".join(_COMPANY.format(place=place) for place in range(1, COMPANIES + 1))
        place = written(Path(folder), "BENCH", _ACCOUNTS + companies, requires=("DEMO",))
        planned = flow.plan_packs(house, context, [str(place)])
        if planned.faults:
            raise SystemExit("\n".join(map(str, planned.faults)))
        flow.apply_packs(house, context, planned)
    house.database.close()


@dataclass
class Place:
    """A folder with databases in it. What they hold is gone at the end."""

    folder: Path
    kind: str  # memory | disk
    _closing: ExitStack = field(repr=False)
    _names: count[int] = field(default_factory=count, repr=False)

    def new(self, dialect: str) -> str:
        """The URL of a fresh database with the packs in it. Errors: PostgresUnavailable."""
        if dialect == POSTGRESQL:
            template = databases.postgresql_template("bench", prepare)
            return self._closing.enter_context(databases.fresh_postgresql(template))
        template_file = self.folder / "template" / "factotum.db"
        if not template_file.exists():
            template_file.parent.mkdir()
            prepare(databases.sqlite_url(template_file.parent))
        own = self.folder / f"sqlite{next(self._names)}"
        own.mkdir()
        shutil.copy(template_file, own / "factotum.db")
        return databases.sqlite_url(own)


@contextmanager
def opened(kind: str) -> Iterator[Place]:
    """A place in memory, or on the disk that holds temporary files; PostgreSQL's server starts when it is asked for."""
    memory = Path("/dev/shm")  # noqa: S108
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > databases.ROOM_NEEDED
    parent = memory if kind == "memory" and roomy else Path(tempfile.gettempdir())
    with ExitStack() as closing:
        folder = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="factotum-bench-", dir=parent)))
        server = tempfile.mkdtemp(prefix=f"{databases.FOLDER_PREFIX}{os.getpid()}-", dir=parent)
        os.environ[databases.FOLDER_VARIABLE] = server
        closing.callback(databases.close_postgres_folder)
        yield Place(folder, kind, closing)
