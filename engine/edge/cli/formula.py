"""For implementers: one formula tried over one document, explained part by part."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import click

from engine.edge.cli.parametrization import JSON

if TYPE_CHECKING:
    from engine.kernel.faults import Fault
    from rules import BadFormula, Explanation, Formula, FormulaFailed, Vocabulary

PLACE = "expression"


@click.command()
@click.argument("expression", metavar="EXPR")
@click.option(
    "--document", "file", type=click.File("rb"), metavar="FILE|-", help="A JSON document, as `post` takes it."
)
@click.option("--company", default="", metavar="C", help="Without a document: whose named formulas are meant, today.")
@click.option("--row", metavar="ROW", help="What kind of row the expression is about, such as line.")
@click.option("--index", type=click.IntRange(min=1), metavar="N", help="Only this row, counted from 1.")
@JSON
@click.pass_obj
def formula(
    database: str | None, expression: str, file: IO[bytes] | None, company: str, row: str | None, index: int | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Try a formula: its type, and over a document its value and where that comes from.

    An expression about a row, such as line.net, is worked out for every row of its kind, or for the one that --index
    names. Nothing is written. `factotum language` tells what may be written and every name.
    """
    from engine.parametrization.vocabulary import DOCUMENT

    if row is not None and row not in DOCUMENT.collections:
        raise click.BadParameter(f"one of {', '.join(DOCUMENT.collections)}", param_hint="--row")
    if index is not None and file is None:
        raise click.UsageError("--index needs --document")
    vocabulary, values = _meant(database, file, company)
    compiled, about = _compiled(expression, vocabulary, row)
    if index is not None and about is None:
        raise click.UsageError("--index is for an expression about a row; this one is about the whole document")
    results = [] if values is None else list(_results(compiled, about, index, values))
    if index is not None and not results:
        raise click.BadParameter(f"the document has no {about} {index}", param_hint="--index")
    told = _as_data(compiled, about, results if values is not None else None)
    if as_json:
        from engine.edge.cli.output import print_json

        print_json(told)
    else:
        _print(told, results)
    if "faults" in told:
        sys.exit(1)


@dataclass(frozen=True, slots=True)
class Result:
    """Of the whole document, or of one row."""

    index: int | None
    explanation: Explanation
    failure: FormulaFailed | None


def _meant(database: str | None, file: IO[bytes] | None, company: str) -> tuple[Vocabulary, Mapping[str, Any] | None]:
    """The names that may be used here; with a document, their values."""
    from engine import flow
    from engine.drafting import facts
    from engine.edge.cli.reading import one_document
    from engine.parametrization import formulas
    from engine.parametrization.vocabulary import DOCUMENT
    from engine.selection import company_of

    if file is None and not company:
        return DOCUMENT, None
    from engine.app import open_house, system_context
    from engine.kernel.clock import today

    house, context = open_house(database), system_context()
    values: Mapping[str, Any] | None = None
    if file is not None:
        draft, catalog = flow.drafted(house, context, one_document(file))
        values, whose, on = facts.of(draft, catalog), draft.company, draft.date
    else:
        catalog = house.catalog()
        whose = company_of(catalog, company)
        on = today(context.clock, whose.time_zone)
    return formulas.of(catalog, whose, on).vocabulary, values


def _compiled(expression: str, vocabulary: Vocabulary, row: str | None) -> tuple[Formula, str | None]:
    """The formula and the row it is about. Errors: Faulty, with a caret under each place."""
    from engine.kernel.faults import Faulty
    from rules import ANY_TYPE, BadFormula, compile_formula, compile_wherever

    try:
        if row is None:
            return compile_wherever(expression, vocabulary)
        return compile_formula(expression, vocabulary, ANY_TYPE, row), row
    except BadFormula as bad:
        raise Faulty(_faults(bad)) from None


def _faults(bad: BadFormula) -> Iterator[Fault]:
    from engine.kernel.faults import Fault

    for problem in bad.problems:
        _, _, caret = problem.show(bad.text).partition("\n")
        yield Fault(problem.code, PLACE, f"{problem.words}\n{caret}", problem.hint or "mend the formula")


def _results(compiled: Formula, row: str | None, index: int | None, values: Mapping[str, Any]) -> Iterator[Result]:
    if row is None:
        yield _result(compiled, None, values)
        return
    for place, each in enumerate(values[compiled.vocabulary.collections[row].key], 1):
        if index in (None, place):
            yield _result(compiled, place, {**values, row: each})


def _result(compiled: Formula, index: int | None, values: Mapping[str, Any]) -> Result:
    from rules import FormulaFailed

    explanation = compiled.explain(values)
    try:
        compiled(values)
    except FormulaFailed as failed:
        return Result(index, explanation, failed)
    return Result(index, explanation, None)


def _as_data(compiled: Formula, row: str | None, results: Sequence[Result] | None) -> dict[str, Any]:
    from engine.drafting.desk import formula_fault

    told: dict[str, Any] = {"expression": compiled.text, "type": str(compiled.type), "row": row, "results": None}
    if results is None:
        return told
    told["results"] = [
        {
            "index": one.index,
            "value": None if one.failure else one.explanation.value,
            "explanation": one.explanation.as_data(),
        }
        for one in results
    ]
    failed = [
        formula_fault("the expression", one.failure, f"{row}[{one.index}]" if row else PLACE).as_json()
        for one in results
        if one.failure
    ]
    return told | ({"faults": failed} if failed else {})


def _print(told: Mapping[str, Any], results: Sequence[Result]) -> None:
    from engine.edge.cli.output import print_faults

    row, kind = told["row"], told["type"]
    if told["results"] is None:
        click.echo(f"{kind}, of a {row}" if row else kind)
        return
    if row and not results:
        click.echo(f"{kind}; the document has no {row}")
    for one in results:
        place = f"{row} {one.index}: " if row else ""
        shown = "no value" if one.failure else _shown(one.explanation)
        click.echo(f"{place}{shown}  ({kind})")
        _print_part(one.explanation, 1)
    if "faults" in told:
        print_faults(told["faults"])


def _print_part(part: Explanation, depth: int) -> None:
    text = " ".join(part.text.split())
    click.echo(f"{'  ' * depth}{text} = {_shown(part)}")
    for child in part.children:
        _print_part(child, depth + 1)


def _shown(part: Explanation) -> str:
    if part.failure:
        return f"no value: {part.failure}"
    if part.value is None:
        return "missing"
    return str(part.value).lower() if isinstance(part.value, bool) else str(part.value) or '""'
