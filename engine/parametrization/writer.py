"""Records back to TOML: what is in force as packs that read the same, and one record changed where it stands in a file.

An export is text made here, the same for the same content. A change of a file a person wrote goes through tomlkit, on
the lines of that one record only, so everything else keeps its bytes; the result is read again before it replaces the
file.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from engine.kernel.errors import EngineError
from engine.kernel.money import plain
from engine.parametrization.bodies import from_text
from engine.parametrization.definitions import SINGLE_TABLES, Example, Pack, Record
from engine.parametrization.packs import FILE_LIMIT
from engine.parametrization.revisions import State

FILES = {
    "pack": ("pack", "folder", "legislation"),
    "companies": ("company", "site", "company_group", "user", "fiscal_year"),
    "types": ("invoice_type",),
    "counters": ("counter", "counter_assignment"),
    "taxes": ("tax", "withholding", "charge", "formula"),
    "accounts": ("chart", "ledger", "account", "accounting_code"),
    "journals": ("journal", "entry_type", "automatic_journal", "automatic_journal_group"),
    "mentions": ("mention",),
    "terms": ("payment_terms", "payment_method", "settlement_account"),
    "deliveries": ("delivery_rule",),
    "templates": ("template",),
    "overrides": ("override",),
    "examples": ("example",),
}
"""Which tables a file holds, in its order; a table that is not here has a file of its own name."""

WIDTH = 120


class UnwritableValue(EngineError):
    code = "unwritable_value"
    says = "{place} is {value}, which a pack cannot hold"
    remedy = "leave the field out, or write numbers as text"


class ExportFolderTaken(EngineError):
    code = "export_folder_taken"
    says = "{folder} already holds {files}, which this export would not replace: a pack is all files of its folder"
    remedy = "export to an empty folder, or remove them"


class RecordNotInFile(EngineError):
    code = "record_not_in_file"
    says = "{file} holds {count} of [[{table}]] with {key_field} = {key!r}, where one is needed"
    remedy = "mend the file, or write the change by hand"


class UpdateRefused(EngineError):
    code = "update_refused"
    says = "{table} {key} of {file} is written in a way that cannot be changed without touching more"
    remedy = "write the tables of one record together, one below the other, or make the change by hand"


# --- packs from what is in force -------------------------------------------------------------------------------------


def write_packs(state: State, folder: Path) -> list[Path]:
    """One folder per owning pack, below `folder`; these come back, required packs first, as `read_packs` likes them.

    Shape: ALL/pack.toml, FRA/types.toml, …; records in key order; a long file goes on in types-2.toml.
    Errors: UnwritableValue, ExportFolderTaken; then nothing is written.
    """
    packs: dict[str, dict[str, list[Record]]] = {}
    for table, texts in state.bodies.items():
        for key, text in sorted(texts.items()):
            owned = packs.setdefault(state.owners[table, key], {})
            owned.setdefault(table, []).append(from_text(table, text))
    written: dict[Path, dict[str, str]] = {}
    for code in _required_first(packs):
        written[folder / code] = dict(_files(packs[code]))
    for place, files in written.items():
        if others := sorted(path.name for path in place.glob("*.toml") if path.name not in files):
            raise ExportFolderTaken(folder=place, files=", ".join(others))
    for place, files in written.items():
        for name, text in files.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            _replace(place / name, text)
    return list(written)


def _required_first(packs: Mapping[str, Mapping[str, Sequence[Record]]]) -> list[str]:
    ordered: dict[str, None] = {}
    above: set[str] = set()

    def visit(code: str) -> None:
        if code in above or code not in packs:
            return
        above.add(code)
        for header in packs[code].get(Pack.TABLE, ()):
            for required in sorted(header.requires) if isinstance(header, Pack) else ():
                visit(required)
        ordered[code] = None

    for code in sorted(packs):
        visit(code)
    return list(ordered)


def _files(tables: Mapping[str, Sequence[Record]]) -> Iterator[tuple[str, str]]:
    """Names and texts of the files of one pack."""
    known = {table for those in FILES.values() for table in those}
    for file, those in (*FILES.items(), *((table, (table,)) for table in sorted({*tables} - known))):
        parts: list[list[str]] = [[]]
        size = 0
        for table in those:
            for record in tables.get(table, ()):
                text, documents = _apart(record)
                yield from documents.items()
                size += len(text.encode()) + 1
                if size > FILE_LIMIT // 2 and parts[-1]:
                    parts.append([])
                    size = len(text.encode()) + 1
                parts[-1].append(text)
        for number, texts in enumerate(parts, 1):
            if texts:
                yield f"{file}-{number}.toml" if number > 1 else f"{file}.toml", "\n".join(texts)


def _apart(record: Record) -> tuple[str, dict[str, str]]:
    """The text of a record, and the files it names: a document with what TOML has not, such as null, stays JSON."""
    if isinstance(record, Example):
        try:
            _value(record.document, "")
        except UnwritableValue:
            name = f"examples/{record.id}.json"
            text = json.dumps(record.document, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
            return record_text(replace(record, document={}, document_file=name)), {name: text}
    return record_text(record), {}


def record_text(record: Record) -> str:
    """One record as a pack holds it: what names it, then its fields as they are defined, its source, then its parts.

    Errors: UnwritableValue.
    """
    values = _values(record, f"{record.TABLE} {record.key}")
    order = (*record.KEY, *(name for name in values if name not in (*record.KEY, "source")), "source")
    written = {record.WRITTEN.get(name, name): values[name] for name in order if name in values}
    lines = [f"[{record.TABLE}]" if record.TABLE in SINGLE_TABLES else f"[[{record.TABLE}]]"]
    _write(record.TABLE, written, lines)
    return "\n".join(lines) + "\n"


def _values(value: Any, place: str) -> dict[str, Any]:
    """The fields of a record or part that are not their default, as what TOML knows, decimals and dates kept."""
    found = {}
    for one in fields(value):
        given = getattr(value, one.name)
        if given != (one.default_factory() if one.default_factory is not MISSING else one.default):
            found[one.name] = _value(given, f"{place} {one.name}")
    return found


def _value(value: Any, place: str, blank: bool = False) -> Any:
    """A blank would be read as absent, so it is refused where it would be lost."""
    if isinstance(value, Mapping):
        return {name: _value(each, f"{place}.{name}") for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_value(each, f"{place}[{index}]") for index, each in enumerate(value)]
    if is_dataclass(value):
        return _values(value, place)
    if value is None or isinstance(value, float) or (value == "" and not blank):
        raise UnwritableValue(place=place, value="empty" if value in (None, "") else f"the binary number {value}")
    return value


# --- layout ----------------------------------------------------------------------------------------------------------


def _write(path: str, values: Mapping[str, Any], lines: list[str]) -> None:
    """The values of one table below its header, then the tables inside it."""
    below = []
    for name, value in values.items():
        label = _key(name)
        if (text := _at_once(label, value)) is not None:
            lines.append(f"{label} = {text}")
        elif isinstance(value, Mapping) and not any(isinstance(each, Mapping | list) for each in value.values()):
            lines.extend(f"{label}.{_key(each)} = {_at_once('', value[each])}" for each in value)
        else:
            below.append((f"{path}.{label}", value))
    for inner, value in below:
        header = f"[{inner}]" if isinstance(value, Mapping) else f"[[{inner}]]"
        for each in [value] if isinstance(value, Mapping) else value:
            lines.extend(["", header])
            _write(inner, each, lines)


def _at_once(label: str, value: Any) -> str | None:
    """A value as it stands after `label = `; None for what reads better as tables of its own.

    Maps are inline where they fit the line; lists of flat parts are one part a line; texts may have lines.
    """
    if isinstance(value, str):
        return _string(value, lines="\n" in value)
    if not isinstance(value, Mapping | list):
        return _inline(value)
    text = _inline(value)
    fits = len(label) + 3 + len(text) <= WIDTH and not _has_lines(value)
    if isinstance(value, Mapping):
        return text if fits else None
    parts = [each for each in value if isinstance(each, Mapping)]
    flat = all(_is_flat(part) for part in parts)
    if fits and flat and len(parts) < 2:
        return text
    if parts and len(parts) == len(value) and not flat:
        return None
    return "[\n" + "".join(f"    {_inline(each)},\n" for each in value) + "]"


def _is_flat(part: Mapping[str, Any]) -> bool:
    deep = any(isinstance(each, Mapping | list) for each in part.values())
    return not deep and not _has_lines(part) and len(_inline(part)) < WIDTH - 4


def _has_lines(value: Any) -> bool:
    if isinstance(value, Mapping | list):
        return any(_has_lines(each) for each in (value.values() if isinstance(value, Mapping) else value))
    return isinstance(value, str) and "\n" in value


def _inline(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_key(name)} = {_inline(each)}" for name, each in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    return "[" + ", ".join(map(_inline, value)) + "]" if isinstance(value, list) else str(value)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _basic(name)


_UNSEEN = "\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff"
"""Characters to escape wherever they stand; tab and newline depend on the place."""
_SHORT = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def _string(text: str, lines: bool = False) -> str:
    """Literal where that saves escapes: 'line.nature = "goods"'."""
    unseen = re.search(f"[{_UNSEEN}]" if lines else f"[{_UNSEEN}\t\n]", text)
    literal = ('"' in text or "\\" in text) and not unseen
    if not lines:
        return f"'{text}'" if literal and "'" not in text else _basic(text)
    if literal and "'''" not in text and not text.endswith("'"):
        return f"'''\n{text}'''"
    return f'"""\n{_escaped(text, "")}"""'


def _basic(text: str) -> str:
    return f'"{_escaped(text, chr(9) + chr(10))}"'


def _escaped(text: str, also: str) -> str:
    return re.sub(f'[{_UNSEEN}{also}"\\\\]', lambda found: _SHORT.get(found[0], f"\\u{ord(found[0]):04x}"), text)


# --- one record, where it stands -------------------------------------------------------------------------------------


def update_values(path: Path, table: str, key_field: str, key: str, changes: Mapping[str, Any]) -> None:
    """Give fields of one record new values, keeping comments and layout; None takes a field away.

    A map or list is compared with what stands there, part by part: what is equal is not touched. A map that outgrows
    its line becomes a table of its own; only there comments inside it are lost.
    Errors: RecordNotInFile, UpdateRefused, UnwritableValue; then the file is as it was.
    """
    text = path.read_bytes().decode()
    before = tomllib.loads(text, parse_float=Decimal)
    rows = _rows(before, table)
    found = [index for index, row in enumerate(rows) if row.get(key_field) == key]
    if len(found) != 1:
        raise RecordNotInFile(file=path.name, count=len(found), table=table, key_field=key_field, key=key)
    was, place = rows[found[0]], f"{table} {key}"
    wanted = {name: value if value is None else _known(value, f"{place} {name}") for name, value in changes.items()}
    after = {name: value for name, value in (was | wanted).items() if value is not None}
    if _same(after, was):
        return
    refused = UpdateRefused(table=table, key=key, file=path.name)
    start, end, index = _span(text, table, found[0], len(rows))
    changed = _changed(text[start:end], table, index, was, wanted)
    if "\r\n" in text:
        changed = re.sub("\r?\n", "\r\n", changed)
    result = text[:start] + changed + text[end:]
    try:
        again = tomllib.loads(result, parse_float=Decimal)
    except tomllib.TOMLDecodeError:
        raise refused from None
    rows[found[0]] = after
    if not _same(_rows(again, table), rows) or not _same(again | {table: rows}, before | {table: rows}):
        raise refused
    _replace(path, result)


def _rows(document: Mapping[str, Any], table: str) -> list[Any]:
    rows = document.get(table, [])
    return [row if isinstance(row, dict) else {} for row in (rows if isinstance(rows, list) else [rows])]


def _known(value: Any, place: str) -> Any:
    """A new value as what TOML knows."""
    if isinstance(value, Mapping):
        return {name: _known(each, f"{place}.{name}") for name, each in value.items() if each is not None}
    if isinstance(value, list | tuple):
        return [_known(each, f"{place}[{index}]") for index, each in enumerate(value)]
    return _value(value, place, blank=True)


def _same(first: Any, second: Any) -> bool:
    """Equal, and of one kind: 1 is not true, "1" is not 1."""
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        return first.keys() == second.keys() and all(_same(first[name], second[name]) for name in first)
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(map(_same, first, second))
    return isinstance(first, bool) == isinstance(second, bool) and bool(first == second)


_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?!"")"{0,2}|' + r"'''.*?'''(?!'')'{0,2}|" + r'"(?:\\.|[^"\\\n])*"|' + r"'[^'\n]*'|"
    r"(?P<comment>#[^\n]*)|(?P<open>[\[{])|(?P<close>[\]}])|(?P<blank>[ \t\r\n]+)|[^\"'#\[\]{}\s]+",
    re.DOTALL,
)
"""The pieces of a text that is known to be TOML."""


def _span(text: str, table: str, number: int, count: int) -> tuple[int, int, int]:
    """Where the lines of a record begin and end, and its number among the records there.

    Comments after its last value belong to what follows. The whole text when records have no header of their own.
    """
    spans: list[list[int]] = []
    depth, inside = 0, False
    for token in _TOKEN.finditer(text):
        at = token.start()
        if token["open"] and depth == 0 and not text[text.rfind("\n", 0, at) + 1 : at].strip():
            ((name, value),) = tomllib.loads(text[at : _line_end(text, at)]).items()
            if name != table:
                inside = False
            elif value in ({}, [{}]):
                inside = True
                spans.append([at, at])
        depth += bool(token["open"]) - bool(token["close"])
        if inside and not token["comment"] and not token["blank"]:
            spans[-1][1] = _line_end(text, token.end())
    if len(spans) != count:
        return 0, len(text), number
    start, end = spans[number]
    return start, end, 0


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def _changed(text: str, table: str, index: int, was: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """The lines of a record with new values in them."""
    import tomlkit

    document = tomlkit.parse(text)
    rows: Any = document[table]
    row = rows[index] if isinstance(rows, list) else rows
    _change(row, was, wanted, _is_table(row))
    return document.as_string()


def _change(row: Any, was: Mapping[str, Any], wanted: Mapping[str, Any], headed: bool) -> None:
    """`headed`: tables inside may have headers of their own, [example.expect]; else all is inline or dotted."""
    from tomlkit.items import AoT, Array

    for name, value in wanted.items():
        if _same(was.get(name), value):
            continue
        pieces = _pieces(row, name)
        old = pieces[0] if len(pieces) == 1 else None
        if value is None:
            row.remove(name)
        elif _is_dotted(row, name) and _only_values_differ(pieces, value):
            _set_dotted(pieces, was[name], value)
        elif isinstance(value, Mapping) and isinstance(old, Mapping) and _stays(row, name, value, headed):
            gone = dict.fromkeys(part for part in was[name] if part not in value)
            _change(old, was[name], gone | dict(value), headed and _is_table(old))
        elif isinstance(value, list) and value and isinstance(old, AoT) and all(isinstance(one, dict) for one in value):
            _change_list(old, was[name], value, headed)
        elif isinstance(value, list) and isinstance(old, Array) and (not headed or _at_once(name, value) is not None):
            _change_list(old, was[name], value, False)
        else:
            _put(row, name, value, headed)


def _stays(row: Any, name: str, value: Mapping[str, Any], headed: bool) -> bool:
    """Whether a map keeps the shape it is written in: an inline one must not outgrow its line."""
    if _is_dotted(row, name):
        return False
    return _is_table(row[name]) or bool(row[name]) and (not headed or _at_once(name, value) is not None)


def _pieces(row: Any, name: str) -> list[Any]:
    """Where a value is written: a map that is dotted, `expect.number = …`, is in several places."""
    return [item for key, item in row.value.body if key is not None and key.key == name]


def _is_dotted(row: Any, name: str) -> bool:
    found = [key for key, _ in row.value.body if key is not None and key.key == name]
    return len(found) > 1 or any(key.is_dotted() for key in found)


def _is_table(item: Any) -> bool:
    from tomlkit.items import Table

    return isinstance(item, Table)


def _only_values_differ(pieces: Sequence[Any], value: Any) -> bool:
    """Whether a dotted map can take its new values where the old ones stand."""
    from tomlkit.items import AoT

    names = {key.key for piece in pieces for key, _ in piece.value.body if key is not None}
    if not isinstance(value, Mapping) or names != value.keys():
        return False
    for name, new in value.items():
        inner = [one for piece in pieces for one in _pieces(piece, name)]
        if isinstance(inner[0], AoT) or not (
            _only_values_differ(inner, new) if _is_table(inner[0]) else _at_once(name, new) is not None
        ):
            return False
    return True


def _set_dotted(pieces: Sequence[Any], was: Mapping[str, Any], value: Mapping[str, Any]) -> None:
    for piece in pieces:
        for name in {key.key: None for key, _ in piece.value.body if key is not None}:
            inner = _pieces(piece, name)
            if _is_table(inner[0]):
                _set_dotted(inner, was[name], value[name])
            else:
                _change(piece, was, {name: value[name]}, False)


def _change_list(old: Any, was: Sequence[Any], wanted: Sequence[Any], headed: bool) -> None:
    for index, value in enumerate(wanted):
        if index >= len(was):
            old.append(_item("", value, headed))
        elif isinstance(value, Mapping) and isinstance(was[index], Mapping):
            gone = dict.fromkeys(part for part in was[index] if part not in value)
            _change(old[index], was[index], gone | dict(value), headed)
        elif not _same(was[index], value):
            old[index] = _item("", value, headed)
    for _ in range(len(was) - len(wanted)):
        old.pop()


def _put(row: Any, name: str, value: Any, headed: bool) -> None:
    """A value in the place of the old one, with its comment."""
    from tomlkit.items import AoT, Table

    new, pieces = _item(name, value, headed), _pieces(row, name)
    if len(pieces) == 1 and not any(isinstance(one, AoT | Table) for one in (new, *pieces)):
        row[name] = new
        return
    if pieces:
        row.remove(name)
    row.append(name, new)
    if pieces and pieces[0].trivia.comment and not isinstance(new, AoT):
        row[name].comment(pieces[0].trivia.comment)


def _item(name: str, value: Any, headed: bool) -> Any:
    import tomlkit

    if headed and isinstance(value, Mapping) and (not name or _at_once(name, value) is None):
        table = tomlkit.table()
        table.trivia.indent = "\n"
        for each, inner in value.items():
            table.append(each, _item(each, inner, headed))
        return table
    if headed and isinstance(value, list) and (text := _at_once(name, value)) is None:
        tables = tomlkit.aot()
        for each in value:
            tables.append(_item("", each, headed))
        return tables
    text = _at_once(name, value) if headed else None
    return tomlkit.value(text or _inline(value))


def _replace(path: Path, text: str) -> None:
    """All of it or nothing: a new file beside the old one takes its place and its permissions."""
    target = path.resolve()
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".factotum-") as beside:
        new = Path(beside) / target.name
        with new.open("wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, new)
        new.replace(target)
