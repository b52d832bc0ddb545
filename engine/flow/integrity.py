"""Is everything still what it was? Series walked, what they cannot meet surveyed, the past parametrization."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from engine.flow.filters import known_company
from engine.flow.house import Context, House, allowed
from engine.kernel.errors import EngineError

if TYPE_CHECKING:
    from engine.parametrization.catalog import Catalog
    from engine.posting.anchors import Anchor, Head
    from engine.posting.findings import Finding
    from engine.posting.ports import DocumentStore, Row, Survey

MOST = 1_000
"""Findings kept in the answer, so that memory stays flat; `tell` is told of all that are listed."""
NAMED = 100
"""Findings that are named when not every one is asked for."""
REVISIONS = 64
"""Revisions whose counters are kept at hand."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What `verify` found; `broken` names document and problem, in order."""

    documents: int
    series: int
    broken: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    problems: int = 0  # all that were listed: `findings` are the first of them
    unlisted: int = 0  # broken documents and other findings that are not named: one of their series is, or too many are
    not_recomputed: tuple[tuple[str, int], ...] = ()  # why, and how many numbers
    anchored: int = 0  # series that are where an anchor says


class _Report:
    """What is found as it is found: of each series the first broken document, at most `NAMED`; or everything."""

    def __init__(self, every: bool, tell: Callable[[Finding], None]) -> None:
        self.findings: list[Finding] = []
        self.listed = self.unlisted = 0
        self._every, self._tell = every, tell

    def add(self, found: Iterable[Finding]) -> None:
        for one in found:
            if self.listed >= NAMED and not self._every:
                self.unlisted += 1
                continue
            self._tell(one)
            self.listed += 1
            if len(self.findings) < MOST:
                self.findings.append(one)

    def of_series(self) -> Callable[[Sequence[Finding]], None]:
        """Takes what is found in the documents of one series, in order."""
        named = False

        def document(found: Sequence[Finding]) -> None:
            nonlocal named
            if found and named and not self._every:
                self.unlisted += 1
            else:
                named = named or bool(found)
                self.add(found)

        return document


def verify(
    house: House,
    context: Context,
    progress: Callable[[int], None] = lambda done: None,
    *,
    company: str = "",
    anchors: Sequence[Anchor] = (),
    since_anchors: bool = False,
    every: bool = True,
    tell: Callable[[Finding], None] = lambda finding: None,
) -> Verified:
    """Recompute every series from its first document, or from the latest anchor. Memory stays flat.

    `company` narrows to its series and those it shares; `every` False names the first broken document of each series;
    `tell` is told each finding as it is found; `progress` how many documents and files are done.
    Errors: Faulty(unknown_company).
    """
    from engine.flow.anchoring import anchored
    from engine.flow.archive import archive_broken
    from engine.posting.anchors import by_series
    from engine.posting.findings import series_name
    from engine.posting.verify import UNREADABLE_VALUES

    allowed(context, "verify", company)
    known_company(house, company)
    report, done = _Report(every, tell), _Done(progress)
    catalogs = lru_cache(maxsize=REVISIONS)(lambda revision: _counters(house, revision))
    why: Counter[str] = Counter()
    begun = by_series(anchors) if since_anchors else {}
    with house.documents.snapshot() as documents:  # one moment, while others go on posting
        all_series = _all_series(documents, company, report)
        for series in all_series:
            head = begun.get((series["company"], series["counter"], series["period"]))
            try:
                _walk(documents, series, catalogs, head, report.of_series(), done, why)
            except UNREADABLE_VALUES as unreadable:
                report.add([_stopped(series_name(series), series["company"], unreadable)])
        report.add(_surveyed(documents.survey(company), done))
        if not company:
            report.add(archive_broken(house, context, lambda: done.went_on(files=1)))
        report.add(_sealed(house, documents, company))
        proved = 0
        for moved in anchored(documents, all_series, anchors, company):
            report.add(moved)
            proved += not moved
    report.add(_past(house))
    found = tuple(report.findings)
    return Verified(
        done.documents, len(all_series), tuple(one.words for one in found), found, report.listed, report.unlisted,
        tuple(sorted(why.items())), proved,
    )  # fmt: skip


@dataclass(slots=True)
class _Done:
    """How far it is: documents and files."""

    progress: Callable[[int], None]
    documents: int = 0
    files: int = 0

    def went_on(self, documents: int = 0, files: int = 0) -> None:
        self.documents += documents
        self.files += files
        self.progress(self.documents + self.files)


def _walk(
    documents: DocumentStore,
    series: Row,
    catalogs: Callable[[int], Catalog],
    head: Head | None,
    report: Callable[[Sequence[Finding]], None],
    done: _Done,
    why: Counter[str],
) -> None:
    from engine.posting.numbers import Named
    from engine.posting.verify import BEGINNING, Place, Walk

    begin = Place(head.value, head.hash, head.date) if head and head.unused is None else BEGINNING
    unused = (row["value"] for row in documents.taken_ahead(series["id"])) if series["fast"] else ()
    walk = Walk(series, catalogs, unused, begin)
    if Named.of(series).created:
        steps = walk.over_second(documents.second_numbers(series["id"]))
    else:
        steps = walk.over(documents.of_series(series["id"], begin.value))
    for one in steps:
        report(one.findings)
        done.went_on(one.documents)
        if one.not_recomputed:
            why[one.not_recomputed] += one.documents


def _all_series(documents: DocumentStore, company: str, report: _Report) -> list[Row]:
    """The series to walk: a company's and those it shares."""
    from engine.posting.verify import UNREADABLE_VALUES

    try:
        return [one for one in documents.all_series() if company in ("", one["company"]) or not one["company"]]
    except UNREADABLE_VALUES as unreadable:
        report.add([_stopped("(any)", "", unreadable)])
        return []


def _stopped(name: str, company: str, unreadable: Exception) -> Finding:
    from engine.posting.findings import SERIES_UNREADABLE, Finding

    return Finding(SERIES_UNREADABLE.at("counter_series", series=name, reason=unreadable), name, company)


def _counters(house: House, revision: int) -> Catalog:
    """As much of the parametrization of a revision as numbers need."""
    from engine.parametrization import definitions as d
    from engine.parametrization.catalog import Catalog
    from engine.parametrization.merge import effective

    needed = [kind.TABLE for kind in (d.Company, d.Counter, d.FiscalYear, d.Override)]
    return Catalog(effective(house.parametrization.state(revision, needed).bodies), revision)


def _sealed(house: House, documents: DocumentStore, company: str) -> Iterator[Finding]:
    """Chains of legal seals, each judged by its own plugin on the documents as they are now."""
    from engine.posting import findings as f
    from engine.posting.verify import UNREADABLE_VALUES

    settings = house.catalog().seal_settings if (chains := documents.seal_chains()) else {}
    for chain in chains:
        try:
            yield from _of_chain(house, documents, chain, settings, company)
        except (EngineError, *UNREADABLE_VALUES) as reason:
            words = f"a row cannot be read, the rest of it was not checked: {reason}"
            yield f.Finding(f.SEAL_BROKEN.at("seal_chain", seal=chain["seal"], chain=chain["chain"], words=words))


def _of_chain(
    house: House, documents: DocumentStore, chain: Row, settings: Mapping[tuple[str, str], str], company: str
) -> Iterator[Finding]:
    from engine.posting import findings as f
    from engine.posting.sealing import read_back

    owners = [row["company"] for row in documents.chain_owners(chain)]
    if company and company not in owners:
        return
    seal = house.plugins.seals.get(chain["seal"])
    given = next((text for owner in owners if (text := settings.get((owner, chain["seal"])))), "")
    named = {"seal": chain["seal"], "chain": chain["chain"]}
    if seal is None or not given:
        why = "its plugin is not installed" if seal is None else "no settings tell its keys"
        yield f.Finding(f.SEAL_NOT_CHECKED.at("seal_chain", why=why, **named))
        return
    pairs = (read_back(row, stored) for row, stored in documents.of_chain(chain["seal"], chain["chain"]))
    model = seal.settings_model.model_validate(json.loads(given))
    for words in seal.verify_chain(pairs, model, chain["head"] or None):
        yield f.Finding(f.SEAL_BROKEN.at("seal_chain", words=words, **named))


def _surveyed(survey: Survey, done: _Done) -> Iterator[Finding]:
    """Rows that belong to no document, documents of no series, numbers given twice, files with other bytes."""
    from engine.posting import findings as f

    for row in survey.strays():
        yield f.Finding(f.STRAY_ROWS.at(row["table"], **row))
    for row in survey.without_series():
        yield f.of_document(f.WITHOUT_SERIES.at("document.series", series=row["series"]), row, "")
    for row in survey.numbers_twice():
        yield f.Finding(f.NUMBER_TWICE.at("document.number", **row), company=row["company"])
    for row in survey.files_missing():
        told = {"delivery": row["id"], "hash": row["file"]}
        yield f.Finding(f.FILE_MISSING.at("delivery.file", **told), company=row["company"])
    for row in survey.files():
        if hashlib.sha256(row["content"]).hexdigest() != row["hash"]:
            yield f.Finding(f.FILE_CHANGED.at("file", name=row["name"], hash=row["hash"]))
        done.went_on(files=1)


def _past(house: House) -> Iterator[Finding]:
    """Records and revisions that are not what they were named for; what could be changed unseen."""
    from engine.parametrization.history import changed_records, changed_revisions
    from engine.posting import findings as f

    for table, key in changed_records(house.history.records()):
        yield f.Finding(f.RECORD_CHANGED.at("record", table=table, key=key))
    for revision in changed_revisions(house.history.revision_hashes()):
        yield f.Finding(f.REVISION_CHANGED.at("revision", revision=revision))
    for name in house.history.unguarded():
        yield f.Finding(f.GUARD_GONE.at(name, table=name))
