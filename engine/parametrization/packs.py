"""Packs: folders of TOML become records, and everything that is wrong in them becomes faults, all at once.

A file with a syntax fault gives that one fault; all other files are still read. `requires` brings other packs.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path
from typing import Any

from engine.kernel.faults import Fault, FaultKind, Faulty, clipped, nearest
from engine.kernel.version import VERSION, fits
from engine.kernel.wall import BAD_VALUE, validated
from engine.parametrization.definitions import SINGLE_TABLES, TABLES, Example, Pack, Record

PACK_NOT_FOUND = FaultKind(
    "pack_not_found", "there is no pack {name!r}: neither a folder, nor shipped, nor installed", "{known}"
)
PACK_WITHOUT_HEADER = FaultKind(
    "pack_without_header", "the folder {folder!r} holds no [pack] table", "add pack.toml with [pack] code and version"
)
PACKS_INSIDE = FaultKind(
    "packs_inside", "{folder} is no pack, it holds packs: {packs}", "name them one by one: {folder}/{first} …"
)
TWO_PACKS = FaultKind("two_packs", "pack {code} is in {folder} and in {other}", "name one of them")
TWO_HEADERS = FaultKind("pack_headers", "the folder holds several [pack] tables: {codes}", "keep one")
OTHER_ENGINE = FaultKind(
    "pack_for_other_engine", "pack {code} is for engine {wanted}, this is {version}", "use another version of either"
)
BAD_ENGINE = FaultKind("pack_engine", "{wanted!r} does not say which engine pack {code} is for", "write `>=0.1,<2`")
PACK_CYCLE = FaultKind("pack_cycle", "packs require each other in a circle: {circle}", "remove one of these `requires`")
TOML_SYNTAX = FaultKind("toml_syntax", "this is not TOML: {cause}", "mend the line; the other files were read")
UNKNOWN_TABLE = FaultKind("unknown_table", "there is no table [[{table}]]", "{remedy}")
TABLE_SHAPE = FaultKind("table_shape", "{table} is written {found}", "write it as {wanted}")
DUPLICATE_KEY = FaultKind(
    "duplicate_key", "{table} {key} is defined twice in this pack", "remove one; the other is at {other}"
)

EXAMPLE_FILE = FaultKind("example_file", "the document {file!r} cannot be read: {cause}", "mend the file or its name")

FILE_LIMIT = 20 * 1024 * 1024
ENTRY_POINTS = "factotum.packs"


@dataclass(frozen=True, slots=True)
class Located:
    """A record and where it was written: `FRA/types.toml invoice_type sales/FAF/FRA`."""

    record: Record
    place: str


@dataclass(frozen=True, slots=True)
class ReadPack:
    code: str
    version: str
    requires: tuple[str, ...]
    records: tuple[Located, ...]
    folder: Path = Path()

    def file_of(self, place: str) -> Path:
        """The file a record was written in."""
        files = (path for path in self.folder.glob("*.toml") if place.startswith(f"{self.folder.name}/{path.name} "))
        return next(files)


def read_packs(names: Iterable[str], in_force: Collection[str] = ()) -> tuple[list[ReadPack], list[Fault]]:
    """Read packs by path or code, with what they require, each once, required ones first.

    A pack that is required is looked for among those named, then beside the pack that requires it, then among the
    shipped and the installed ones; one that is nowhere but is in force stays as it is.
    """
    read: dict[str, ReadPack] = {}
    faults: list[Fault] = []
    folders: dict[Path, tuple[ReadPack | None, list[Fault]]] = {}
    named: dict[str, Path] = {}

    def taken(folder: Path) -> ReadPack | None:
        if folder not in folders:
            folders[folder] = read_folder(folder)
            faults.extend(folders[folder][1])
        return folders[folder][0]

    def visit(folder: Path, above: tuple[str, ...]) -> None:
        pack = taken(folder)
        if pack is None or pack.code in read:
            return
        if pack.code in above:
            faults.append(PACK_CYCLE.at(pack.code, circle=" > ".join((*above, pack.code))))
            return
        for required in pack.requires:
            if required in read:
                continue
            beside = folder.parent / required
            found = named.get(required) or (beside if (beside / "pack.toml").is_file() else _by_code(required))
            if found is None and required not in in_force:
                faults.append(_not_found(required, (*above, pack.code)))
            elif found is not None:
                visit(found, (*above, pack.code))
        read[pack.code] = pack

    asked = []
    for name in names:
        folder = _folder(name)
        if folder is None:
            faults.append(_not_found(name, ()))
            continue
        asked.append(folder)
        pack = taken(folder)
        if pack and named.setdefault(pack.code, folder) != folder:
            faults.append(TWO_PACKS.at(folder.name, code=pack.code, folder=folder, other=named[pack.code]))
    for folder in asked:
        visit(folder, ())
    return list(read.values()), faults


def _not_found(name: str, above: tuple[str, ...]) -> Fault:
    known = nearest(name, _shipped(), "give the path of a folder")
    return PACK_NOT_FOUND.at(" > ".join((*above, name)), name=name, known=known)


def read_folder(folder: Path) -> tuple[ReadPack | None, list[Fault]]:
    """Every `*.toml` of one folder."""
    located: list[Located] = []
    faults: list[Fault] = []
    for path in sorted(path for path in folder.glob("*.toml") if path.is_file()):
        place = f"{folder.name}/{path.name}"
        document, fault = _toml(path, place)
        if fault:
            faults.append(fault)
        else:
            found, wrong = read_tables(document, place)
            faults.extend(wrong)
            for one in found:
                whole = _with_document(one, folder)
                if isinstance(whole, Fault):
                    faults.append(whole)
                else:
                    located.append(whole)
    faults.extend(_duplicates(located))
    headers = [one.record for one in located if isinstance(one.record, Pack)]
    if not headers:
        inside = sorted(path.parent.name for path in folder.glob("*/pack.toml"))
        if inside:
            faults.append(PACKS_INSIDE.at(folder.name, folder=folder.name, packs=", ".join(inside), first=inside[0]))
        elif not faults:
            faults.append(PACK_WITHOUT_HEADER.at(folder.name, folder=folder.name))
        return None, faults
    if len(headers) > 1:
        faults.append(TWO_HEADERS.at(folder.name, codes=", ".join(one.code for one in headers)))
    header = headers[0]
    if header.engine and not fits(header.engine):
        kind = BAD_ENGINE if fits(header.engine) is None else OTHER_ENGINE
        faults.append(kind.at(f"{folder.name} engine", code=header.code, wanted=header.engine, version=VERSION))
    return ReadPack(header.code, header.version, header.requires, tuple(located), folder), faults


def _with_document(one: Located, folder: Path) -> Located | Fault:
    """An example carries its document: what `document_file` holds becomes part of the record."""
    record = one.record
    if not isinstance(record, Example) or not record.document_file:
        return one
    path = (folder / record.document_file).resolve()
    where = f"{one.place} document_file"
    if not path.is_relative_to(folder.resolve()):
        return EXAMPLE_FILE.at(where, file=record.document_file, cause="it lies outside the pack")
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as cause:
        return EXAMPLE_FILE.at(where, file=record.document_file, cause=cause)
    if record.document or not isinstance(document, dict):
        return EXAMPLE_FILE.at(where, file=record.document_file, cause="give one document, here or in a file")
    return Located(replace(record, document=document, document_file=""), one.place)


def read_tables(document: dict[str, Any], place: str) -> tuple[list[Located], list[Fault]]:
    """The tables of one TOML document, as records."""
    located: list[Located] = []
    faults: list[Fault] = []
    for table, rows in document.items():
        if table not in TABLES:
            remedy = nearest(table, TABLES, "the tables are listed in README.md")
            faults.append(UNKNOWN_TABLE.at(place, table=table, remedy=remedy))
            continue
        wanted, found = (dict, f"[[{table}]]") if table in SINGLE_TABLES else (list, f"[{table}]")
        if not isinstance(rows, wanted):
            other = f"[{table}]" if wanted is dict else f"[[{table}]]"
            faults.append(TABLE_SHAPE.at(place, table=table, found=found, wanted=other))
            continue
        for index, row in enumerate([rows] if isinstance(rows, dict) else rows):
            where = f"{place} {table}"
            try:
                record = validated(TABLES[table], _as_fields(table, row), f"{where} {_called(row, index)}")
            except Faulty as wrong:
                faults.extend(wrong.faults)
            except RecursionError:
                faults.append(BAD_VALUE.at(f"{where} {_called(row, index)}", words="it is nested too deep"))
            else:
                located.append(Located(record, f"{where} {record.key}"))
    return located, faults


def _called(row: Any, index: int) -> str:
    """What a person would call a row that may be broken."""
    names = [row.get(field) for field in ("code", "id")] if isinstance(row, dict) else []
    return next((clipped(name, 40) for name in names if isinstance(name, str) and name), f"#{index + 1}")


def _toml(path: Path, place: str) -> tuple[dict[str, Any], Fault | None]:
    try:
        content = path.read_bytes()
        if len(content) > FILE_LIMIT:
            return {}, TOML_SYNTAX.at(place, cause=f"larger than {FILE_LIMIT // 1024 // 1024} MiB")
        return tomllib.loads(content.decode("utf-8"), parse_float=_number), None
    except (
        ValueError,
        RecursionError,
        ArithmeticError,
    ) as cause:  # tomllib's own error, and what Python says of numbers
        return {}, TOML_SYNTAX.at(place, cause=cause)


def _number(text: str) -> Decimal:
    """A number with a point, exact; nothing that would take a page to print."""
    number = Decimal(text)
    if number.is_finite() and abs(number.adjusted()) > 30:
        raise ValueError(f"the number {text[:40]} is out of range")
    return number


def _duplicates(located: list[Located]) -> Iterator[Fault]:
    seen: dict[tuple[str, str], Located] = {}
    for one in located:
        name = (one.record.TABLE, one.record.key)
        if name in seen:
            yield DUPLICATE_KEY.at(one.place, table=name[0], key=name[1], other=seen[name].place)
        seen.setdefault(name, one)


def _as_fields(table: str, row: Any) -> Any:
    """A row under the names of our fields, without blanks."""
    ours = {written: name for name, written in TABLES[table].WRITTEN.items()}
    found = _without_blanks(row)
    if not isinstance(found, dict):
        return found
    unwritten = set(TABLES[table].WRITTEN)  # our own names of them are nobody's to write
    return {ours.get(name, f"{name} " if name in unwritten else name): value for name, value in found.items()}


def _without_blanks(value: Any) -> Any:
    """`""` equals absent, at every depth."""
    if isinstance(value, dict):
        return {name: _without_blanks(each) for name, each in value.items() if each != ""}
    if isinstance(value, list):
        return [_without_blanks(each) for each in value if each != ""]
    return value


def _folder(name: str) -> Path | None:
    """A code of the shipped or installed packs; else the path of a folder."""
    try:
        return _by_code(name) or (Path(name).resolve() if Path(name).is_dir() else None)
    except (OSError, ValueError):  # a name no file system takes
        return None


def _by_code(code: str) -> Path | None:
    if code in _shipped():
        return _packs() / code
    for entry in sorted(entry_points(group=ENTRY_POINTS), key=lambda entry: entry.name):
        if entry.name == code:
            return Path(str(files(entry.value)))
    return None


def _packs() -> Path:
    return Path(str(files("rules"))) / "packs"


def _shipped() -> list[str]:
    return [folder.name for folder in _packs().iterdir() if (folder / "pack.toml").is_file()]
