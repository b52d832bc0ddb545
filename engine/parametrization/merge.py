"""Overrides: what a company changes in records that a legislation pack owns, and how both live through an upgrade.

An `[[override]]` is the local side of a three-way merge, field by field: old pack, new pack, local. Elements of a
list are matched by their stable key, so a pack may add a line while a company changes another. Where pack and company
changed the same field to different values, that is a conflict: it is told with all three values and settled by the
choice written in the company's pack.

Bodies are plain JSON values, as `bodies` makes them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.kernel.faults import Fault, FaultKind, Faulty
from engine.kernel.wall import validated
from engine.parametrization.bodies import to_body
from engine.parametrization.definitions import TABLES, Override, Record

NO_RECORD = FaultKind(
    "override_without_record", "there is no {table} {key!r} to change", "mend `key`, or remove the override"
)
NO_PATH = FaultKind("override_without_field", "{table} {key} has nothing at {path}", "mend the path in `unset`")
KEY_FIELD = FaultKind(
    "override_of_key", "{field} tells {table} {key} from its like", "define a record of your own instead"
)
OTHERWISE = FaultKind("override_value", "it is written {local} and means {meant}", "write {meant}")
CONFLICT = FaultKind(
    "merge_conflict",
    "{path} of {table} {key}: the pack had {old}, has {new} now, and here it is {local}",
    "to keep yours add `{settled}`; to take the pack's, remove it from the override",
)

STABLE_KEYS = {
    "line": "id", "component": "position", "rate": "valid_from", "self_assessed": "valid_from", "period": "code",
    "bank_accounts": "iban",
}  # fmt: skip
"""What tells elements of a list apart; elements of other lists go by their place, from 1."""
SORTED = {"component": "position", "rate": "valid_from", "self_assessed": "valid_from", "period": "valid_from"}
"""Lists that are kept in the order of a field."""

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Side:
    """A record and what changes it, at one revision."""

    base: Body
    override: Body


def effective(bodies: Mapping[str, Mapping[str, str]]) -> dict[str, Mapping[str, str]]:
    """Bodies with every override applied. What was checked when it was applied is not checked again."""
    changed: dict[str, dict[str, str]] = {}
    for text in bodies.get(Override.TABLE, {}).values():
        override = json.loads(text)
        table, key = override["table"], override["target"]
        if key in bodies.get(table, {}):
            merged = applied(json.loads(bodies[table][key]), override)
            changed.setdefault(table, dict(bodies[table]))[key] = json.dumps(merged)
    return {**bodies, **changed}


def applied(body: Body, override: Body) -> dict[str, Any]:
    """A body with an override's `set` and `unset` applied; paths that do not exist are passed over."""
    tree = _keyed(body)
    _merge(tree, _keyed(override.get("set", {})))
    for path in override.get("unset", ()):
        _remove(tree, path.split("."))
    result: dict[str, Any] = _listed(tree)
    return result


def overridden(override: Override, base: Body | None, body: Body, place: str) -> tuple[Record | None, list[Fault]]:
    """The record an override makes of a base record, or what is wrong with it."""
    table, key = override.table, override.target
    if base is None or table not in TABLES:
        return None, [NO_RECORD.at(place, table=table, key=key)]
    fixed = [name for name in TABLES[table].KEY if name in override.set or name in override.unset]
    faults = [KEY_FIELD.at(f"{place} {name}", field=name, table=table, key=key) for name in fixed]
    tree = _keyed(base)
    for path in override.unset:
        if _found(tree, path.split(".")) is None:
            faults.append(NO_PATH.at(f"{place} unset", table=table, key=key, path=path))
    if faults:
        return None, faults
    try:
        record = validated(TABLES[table], applied(base, body), f"{place}, {table} {key}")
    except Faulty as faulty:
        return None, list(faulty.faults)
    return record, list(_otherwise(record, body, place))


def _otherwise(record: Record, body: Body, place: str) -> Iterator[Fault]:
    """What is in force is read without being checked again, so it must be written as it is meant: 30, not "30"."""
    tree = _keyed(to_body(record))
    for path, local in _leaves(_keyed(body.get("set", {}))):
        meant = _found(tree, path.split("."))
        if meant is None and "." not in path:
            meant = getattr(record, path, None)
        as_number = isinstance(meant, str) and isinstance(local, int) and not isinstance(local, bool)
        if meant is not None and meant != local and not (as_number and _same(meant, local)):
            yield OTHERWISE.at(f"{place} set.{path}", meant=_shown(meant), local=_shown(local))


def _same(first: Any, second: Any) -> bool:
    """Whether two values of packs say the same: 21 and "21" do."""
    return bool(first == second) or (None not in (first, second) and str(first) == str(second))


def conflicts(old: Side | None, new: Side, place: str) -> Iterator[Fault]:
    """Fields that the pack and the company changed apart since `old`; `over` settles those it names.

    A local value that is new in this very apply was chosen knowing the pack, so only older ones can conflict.
    """
    table, key = new.override["table"], new.override["target"]
    seen = dict(_leaves(_keyed(new.override.get("over", {})))) | dict.fromkeys(new.override.get("gone", ()))
    tree = _keyed(new.base)
    before = _keyed(old.base) if old else {}
    locally = _local(old.override) if old else {}
    for path, local in _local(new.override).items():
        now = _found(tree, path.split("."))
        if path in seen:
            was = seen[path]
        elif old and locally.get(path, _ABSENT) == local:
            was = _found(before, path.split("."))
        else:
            continue
        if not any(_same(now, other) for other in (was, local)):
            words = {"old": _shown(was), "new": _shown(now), "local": _shown(local)}
            settled = f'gone = ["{path}"]' if now is None else f"over.{_toml_path(path)} = {_shown(now)}"
            yield CONFLICT.at(place, path=path, table=table, key=key, settled=settled, **words)


_ABSENT = object()


def _local(override: Body) -> dict[str, Any]:
    """Every path an override sets, and those it unsets with None."""
    return {**dict(_leaves(_keyed(override.get("set", {})))), **dict.fromkeys(override.get("unset", ()))}


def leaf_changes(was: Any, becomes: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """(path, before, after) of every leaf that differs; elements of lists by their stable key."""
    name = path.rpartition(".")[2]
    before, after = _keyed(was, name), _keyed(becomes, name)
    if not isinstance(before, Mapping) and not isinstance(after, Mapping):
        yield path, was, becomes
        return
    old = dict(_leaves(before, path)) if isinstance(before, Mapping) else {}
    new = dict(_leaves(after, path)) if isinstance(after, Mapping) else {}
    for leaf in sorted({*old, *new}):
        if old.get(leaf) != new.get(leaf):
            yield leaf, old.get(leaf), new.get(leaf)


def _keyed(value: Any, name: str = "") -> Any:
    """Lists of parts become mappings by stable key."""
    if isinstance(value, Mapping):
        return {field: _keyed(each, field) for field, each in value.items()}
    known = name in STABLE_KEYS or name == "part"
    if known and isinstance(value, list | tuple) and value and all(isinstance(each, Mapping) for each in value):
        key = STABLE_KEYS.get(name)
        named = (str(each.get(key) or "*") if key else str(place + 1) for place, each in enumerate(value))
        return {called: _keyed(each) for called, each in zip(named, value, strict=True)}
    return list(value) if isinstance(value, tuple) else value


def _listed(tree: Any, name: str = "") -> Any:
    """Back to lists; an element added by an override is given its key."""
    if not isinstance(tree, Mapping):
        return tree
    key = STABLE_KEYS.get(name)
    if key is None and name != "part":
        return {field: _listed(each, field) for field, each in tree.items()}
    elements = []
    for called, each in tree.items():
        element = _listed(each)
        if key and called != "*" and isinstance(element, dict):
            element.setdefault(key, int(called) if key == "position" and called.isdecimal() else called)
        elements.append(element)
    if name not in SORTED or not all(isinstance(one, Mapping) for one in elements):
        return elements
    return sorted(elements, key=lambda one: str(one.get(SORTED[name]) or "").zfill(12))


def _merge(tree: dict[str, Any], changes: Mapping[str, Any]) -> None:
    for field, value in changes.items():
        if isinstance(value, Mapping) and isinstance(tree.get(field), dict):
            _merge(tree[field], value)
        else:
            tree[field] = value


def _remove(tree: Any, path: list[str]) -> None:
    *above, last = path
    for step in above:
        tree = tree.get(step) if isinstance(tree, Mapping) else None
    if isinstance(tree, dict):
        tree.pop(last, None)


def _found(tree: Any, path: list[str]) -> Any:
    for step in path:
        tree = tree.get(step) if isinstance(tree, Mapping) else None
    return tree


def _leaves(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if not isinstance(tree, Mapping):
        yield path, tree
        return
    for field, value in tree.items():
        yield from _leaves(value, f"{path}.{field}" if path else field)


def _toml_path(path: str) -> str:
    """A path as dotted keys of TOML."""
    return ".".join(step if re.fullmatch(r"[A-Za-z0-9_-]+", step) else f'"{step}"' for step in path.split("."))


def _shown(value: Any) -> str:
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False)
