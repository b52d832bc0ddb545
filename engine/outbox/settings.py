"""What changed in a connection, as it may be kept for ever: audit rows are never deleted, so they hold no secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, SecretBytes, SecretStr

HIDDEN = "***"
_SECRET = re.compile(r"pass|secret|token|key|credential|signature|auth|\bpin\b", re.IGNORECASE)
_LOGIN = re.compile(r"://[^/@\s]+@")


Model = type[BaseModel] | None


def changed(before: Mapping[str, Any], after: Mapping[str, Any], old: Model, new: Model) -> dict[str, dict[str, Any]]:
    """Shape: {"host": {"before": "a.example", "after": "b.example"}, "password": {"before": "***", "after": "***"}}

    `old` and `new` are the models of the channels; without one nothing is known of its settings, and none is shown.
    """
    return {
        name: {"before": masked(old, name, before.get(name)), "after": masked(new, name, after.get(name))}
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    }


def masked(model: Model, name: str, value: Any) -> Any:
    """A setting as it may be shown: hidden where its type or its name says that it is a secret."""
    field = model.model_fields.get(name) if model else None
    typed = field is None or any(kind.__name__ in str(field.annotation) for kind in (SecretStr, SecretBytes))
    return _masked(name, value, typed)


def _masked(name: str, value: Any, secret: bool) -> Any:
    if value in (None, ""):
        return value
    if secret or _SECRET.search(name):
        return HIDDEN
    if isinstance(value, Mapping):
        return {one: _masked(one, held, False) for one, held in value.items()}
    if isinstance(value, list):
        return [_masked(name, held, False) for held in value]
    return _LOGIN.sub(f"://{HIDDEN}@", value) if isinstance(value, str) else value
