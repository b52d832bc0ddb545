"""Where type, number, entry and each line come from: data, rendered by command line, page and API alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.posting.post import Plan
from rules import Formula


def explanation(planned: Plan) -> dict[str, Any]:
    """Of a plan; a posted document is planned again under the revision that made it."""
    draft, generated = planned.draft, planned.generated
    return {
        "revision": planned.revision,
        "type": {"code": draft.type.code, "record": draft.type.key},
        "numbering": {"series": planned.series.name, "steps": list(planned.numbering.steps)},
        "determination": list(planned.determination.steps),
        "tax_point": draft.tax_point.isoformat(),
        "lines": [
            {
                "line": one.line,
                "row": one.row,
                "side": one.side,
                "amount": str(one.amount),
                "formula": one.formula.text,
                "operands": _operands(one.formula, one.values),
                "account": one.account.account,
                "sources": [
                    {"source": step.source, "record": step.record, "mask": step.mask, "result": step.result}
                    for step in one.account.steps
                ],
            }
            for one in generated.made
        ],
        "skipped": [
            {
                "line": one.line,
                "row": one.row,
                "why": f"{one.formula.text} is {_plain(one.formula(one.values))}",
                "operands": _operands(one.formula, one.values),
            }
            for one in generated.skipped
        ],
    }


def _operands(formula: Formula, values: Mapping[str, Any]) -> list[list[Any]]:
    return [[name, _plain(value)] for name, value in formula.operands(values)]


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if value is not None else None
