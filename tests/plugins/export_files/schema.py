"""The schema of format `json`, made of the views. `python -m tests.plugins.export_files.schema` writes it anew."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from engine.spi import DocumentView

PATH = Path(__file__).resolve().parents[3] / "plugins" / "export_files" / "document.schema.json"
DECIMAL = {"type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?$"}
DAY = {"type": "string", "format": "date"}


@cache
def schema() -> dict[str, Any]:
    made = TypeAdapter(DocumentView).json_schema(mode="serialization")
    views = {**made.pop("$defs"), "DocumentView": made}
    for view in views.values():
        view.pop("title", None)
        view["additionalProperties"] = False
        for name, told in view["properties"].items():
            view["properties"][name] = _without_titles(told)
    for name, view in TypeAdapter(DocumentView).json_schema(mode="validation")["$defs"].items():
        _decimals(views[name], view)
    _decimals(made, TypeAdapter(DocumentView).json_schema(mode="validation"))
    made["properties"]["period"] = {"anyOf": [_object(**{"from": DAY, "to": DAY}), {"type": "null"}]}
    account = _object(iban={"type": "string"}, bic={"type": "string"})
    views["CompanyView"]["properties"]["bank_accounts"] = {"type": "array", "items": account}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A posted document, as Factotum's format json has it",
        **_object(
            format={"const": "factotum.document"}, version={"const": 1}, document={"$ref": "#/$defs/DocumentView"}
        ),
        "$defs": dict(sorted(views.items())),
    }  # fmt: skip


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _without_titles(told: Any) -> Any:
    if isinstance(told, dict):
        return {name: _without_titles(held) for name, held in told.items() if name not in ("title", "description")}
    return [_without_titles(one) for one in told] if isinstance(told, list) else told


def _decimals(view: dict[str, Any], accepted: dict[str, Any]) -> None:
    """What may be given as a number too is a Decimal: here it is digits, and nothing else."""
    for name, told in accepted["properties"].items():
        kinds = [one.get("type") for one in told.get("anyOf", ())]
        if "number" in kinds:
            view["properties"][name] = {"anyOf": [DECIMAL, {"type": "null"}]} if "null" in kinds else DECIMAL


if __name__ == "__main__":
    PATH.write_text(json.dumps(schema(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
