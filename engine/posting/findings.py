"""What `verify` can find, each kind declared once: told in words and as data, by document or by series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.kernel.faults import Fault, FaultKind, clipped
from engine.posting.ports import Row

_BACKUP = "compare with a backup or an anchor of before: posted rows never change by themselves"
_BUG = "it was hashed like this, so it was posted like this: report it, and correct it by a document"

VALUE_MISSING = FaultKind("value_missing", "its value is {value}, after {before}: {missing} is missing", _BACKUP)
SERIES_START = FaultKind("series_start", "it begins its series with value {value}, not {start}", _BACKUP)
DATE_FELL = FaultKind("date_fell", "it is dated {date}, after one of {last}; its counter is chronological", _BACKUP)
NUMBER_DIFFERS = FaultKind(
    "number_differs", "its number is {number}; counter {counter} gives {expected} for value {value} on {date}", _BACKUP
)
PERIOD_DIFFERS = FaultKind("period_differs", "its date {date} is of period {expected}, its series of {period}", _BACKUP)
OTHER_SERIES = FaultKind("other_series", "its number belongs to a series of {company}, of site {site}", _BACKUP)
COUNTER_UNKNOWN = FaultKind("counter_unknown", "revision {revision}, which it pins, has no {missing}", _BACKUP)
HASH_VERSION = FaultKind(
    "hash_version_unknown", "it was hashed in version {version}; this program knows 1 to {known}", "use a newer program"
)
ROWS_CHANGED = FaultKind("rows_changed", "its rows do not give the hash they were posted with", _BACKUP)
NOT_HASHED = FaultKind("column_not_hashed", "{column} holds what it was not posted with", _BACKUP)
NOT_FOLLOWING = FaultKind("chain_interrupted", "it does not follow the document before it", _BACKUP)
LINK_BROKEN = FaultKind("link_broken", "its link in the chain does not hold", _BACKUP)
REQUEST_CHANGED = FaultKind("request_changed", "its request does not give the hash it was posted with", _BACKUP)
NOT_CANONICAL = FaultKind("json_not_canonical", "{column} is not JSON in the form that is hashed", _BUG)
OTHER_COMPANY = FaultKind("other_company", "one of its rows in {table} is of {company}", _BUG)
NOT_AUDITED = FaultKind("not_audited", "{count} audit rows say that it was posted", _BUG)
TOTAL_DIFFERS = FaultKind("total_differs", "its {total} is {found}; its rows give {expected}", _BUG)
TAX_DIFFERS = FaultKind("tax_row_differs", "tax row {position} says {found}; its lines give {expected}", _BUG)
LINE_DIFFERS = FaultKind("line_differs", "line {position} has {column} {found}; it should be {expected}", _BUG)
OUT_OF_BALANCE = FaultKind("out_of_balance", "entry {entry} is out of balance by {difference} {currency}", _BUG)
ENTRY_INCOMPLETE = FaultKind("entry_incomplete", "entry {entry} has {lacks}", _BUG)
UNREADABLE = FaultKind("row_unreadable", "it cannot be read: {reason}", _BACKUP)
VALUE_LOST = FaultKind(
    "value_lost", "series {series} gave value {value}, and no document and no row tells of it", _BACKUP
)
SERIES_HEAD = FaultKind("series_head", "series {series} is at {value}, {found}", _BACKUP)
SERIES_DATE = FaultKind("series_date", "series {series} says its last date is {date}; it is {found}", _BACKUP)
SERIES_UNREADABLE = FaultKind(
    "series_unreadable", "series {series}: a row cannot be read, the rest of it was not checked: {reason}", _BACKUP
)
RECORD_CHANGED = FaultKind(
    "record_changed", "the parametrization's record {table} {key} is not what it was named for", _BACKUP
)
REVISION_CHANGED = FaultKind("revision_changed", "revision {revision} is not what its hash says", _BACKUP)
GUARD_GONE = FaultKind(
    "guard_gone", "nothing refuses any more that rows of {table} are changed: its triggers are gone, or switched off",
    "compare with a backup and with anchors; take the triggers from a database that `factotum init` makes anew",
)  # fmt: skip
SEAL_BROKEN = FaultKind("seal_chain_broken", "chain {chain} of seal {seal}: {words}", _BACKUP)
SEAL_NOT_CHECKED = FaultKind(
    "seal_chain_not_checked", "chain {chain} of seal {seal} was not checked: {why}", "install its plugin and set it"
)
STRAY_ROWS = FaultKind(
    "stray_rows", "rows in {table} are of document id {document}, which is not there: {count}", _BACKUP
)
WITHOUT_SERIES = FaultKind("document_without_series", "it is of series id {series}, which is not there", _BACKUP)
NUMBER_TWICE = FaultKind("number_twice", "{company} has {count} documents of {module} called {number}", _BACKUP)
FILE_CHANGED = FaultKind("file_changed", "file {name}, kept as {hash}, holds other bytes", _BACKUP)
FILE_MISSING = FaultKind(
    "file_missing", "delivery id {delivery} handed over file {hash}, which is not there", _BACKUP
)  # fmt: skip
ARCHIVE_MISSING = FaultKind(
    "archived_file_missing", "file {name}, kept as {hash}, is not in the archive {archive}", "take it from a copy"
)
ARCHIVE_NOT_CHECKED = FaultKind(
    "archive_not_checked", "file {name}, kept as {hash} in the archive {archive}, was not checked: {words}",
    "mend the archive's connection, then verify again",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and where: in a document, in a series ("PARIS/FV/FRA/2026"), or in neither."""

    fault: Fault
    series: str = ""
    company: str = ""
    document: int | None = None
    value: int | None = None
    number: str = ""

    @property
    def words(self) -> str:
        if self.document is None:
            return self.fault.message
        return f"{clipped(self.company)} {clipped(self.number)} (id {self.document}): {self.fault.message}"

    def as_json(self) -> dict[str, Any]:
        return {
            "code": self.fault.code, "company": self.company, "series": self.series, "value": self.value,
            "number": self.number, "document": self.document, "message": self.fault.message,
            "remedy": self.fault.remedy,
        }  # fmt: skip


def of_document(fault: Fault, document: Row, series: str) -> Finding:
    """A finding in a document whose row can be read."""
    return Finding(fault, series, document["company"], document["id"], document["value"], document["number"])


def series_name(series: Row) -> str:
    """Shape: `PARIS/FV/FRA/2026`; without the period where the counter never restarts."""
    return "/".join(part for part in (series["company"], series["counter"], series["period"]) if part)
