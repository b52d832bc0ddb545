"""Documents as people read them in a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from engine.edge.cli.output import print_faults, table

Answer = Mapping[str, Any]


def print_posted(answers: Sequence[Answer]) -> None:
    """What posting gave: one document whole, several in a table, then every fault."""
    good = [one for one in answers if "faults" not in one]
    if not answers:
        click.echo("There was no document to post.", err=True)
    if len(answers) == 1 and good:
        print_document(good[0])
    elif good:
        table(
            "",
            ["number", "company", "type", "date", "partner", "net", "tax", "gross", ""],
            [
                [
                    one["number"], one["company"], one["invoice_type"]["code"], one["date"], one["partner"],
                    one["totals"]["net"], one["totals"]["tax"], one["totals"]["gross"], one["currency"],
                ]
                for one in good
            ],
            right=(5, 6, 7),
        )  # fmt: skip
    for one in answers:
        if "faults" in one:
            if len(answers) > 1:
                click.echo(f"document {one['index']}" + (f", key {one['key']}" if one["key"] else "") + ":", err=True)
            print_faults(one["faults"])


def print_document(answer: Answer) -> None:
    """One document: head, totals, taxes, entries, deliveries, and its explanation when it has one."""
    kind = answer["invoice_type"]
    would = " (dry run: this number would come)" if answer["status"] == "dry_run" else ""
    click.echo(
        f"{answer['number']}{would}  {answer['company']} → {answer['partner']}  {answer['date']}  "
        f"type {kind['code']} of {kind['legislation'] or 'all legislations'}, revision {answer['revision']}"
    )
    totals = answer["totals"]
    shown = [
        f"{name} {amount}"
        for name, amount in totals.items()
        if name in ("net", "tax", "gross", "payable") or amount.strip("0.")
    ]
    click.echo("  " + " · ".join(shown) + f"  {answer['currency']}")
    for tax in answer["taxes"]:
        reason = f"  {tax['reason']}" if tax.get("reason") else ""
        taxed = f"{tax['rate']} % of {tax['base']} = {tax['amount']}"
        click.echo(f"  {tax['tax_code']} {tax['category']} {taxed}, due at {tax['due']}{reason}")
    for due in answer["due_dates"]:
        click.echo(f"  due {due['date']}: {due['amount']}")
    for entry in answer["entries"]:
        table(
            f"Entry in ledger {entry['ledger']}, journal {entry['journal']}, {entry['entry_type']}, {entry['date']}, "
            f"by {entry['automatic_journal']} ({entry['currency']})",
            ["account", "debit", "credit", "partner", "description"],
            [
                [
                    line["account"],
                    _blank(line["debit"]),
                    _blank(line["credit"]),
                    line.get("partner", ""),
                    line["description"],
                ]
                for line in entry["lines"]
            ],
            right=(1, 2),
        )
    for delivery in answer["deliveries"]:
        to = ", ".join(delivery.get("recipients", []))
        detail = delivery.get("detail", "")
        click.echo(
            f"  {delivery['channel']} {delivery['format']} {to}: {delivery['state']}"
            + (f" ({detail})" if detail else "")
        )
    if "explanation" in answer:
        print_explanation(answer["explanation"])


def print_explanation(told: Answer) -> None:
    """Where everything comes from."""
    click.echo(f"Type: {told['type']['record']}, revision {told['revision']}; rates of {told['tax_point']}")
    click.echo(f"Number: series {told['numbering']['series']}")
    for step in told["numbering"]["steps"]:
        click.echo(f"  {step['step']} {step['from'] or '-'}: {_step(step)}")
    click.echo("Entry:")
    for step in told["determination"]:
        click.echo(f"  {step['table']} by {step['from']}: {_step(step)}")
    for line in told["lines"]:
        row = "" if line["row"] < 0 else f" #{line['row'] + 1}"
        operands = ", ".join(f"{name} = {_value(value)}" for name, value in line["operands"])
        click.echo(
            f"  line {line['line']}{row}: {line['side']} {line['amount']} = {line['formula']}"
            + (f"  ({operands})" if operands else "")
        )
        for step in line["sources"]:
            given = step["mask"] or "nothing"
            record = f" of {step['record']}" if step["record"] else ""
            click.echo(
                f"    account: {step['source']}{record} gives {given}"
                + (f" → {step['result']}" if step["result"] else "")
            )
    for skipped in told["skipped"]:
        row = "" if skipped["row"] < 0 else f" #{skipped['row'] + 1}"
        operands = ", ".join(f"{name} = {_value(value)}" for name, value in skipped["operands"])
        click.echo(f"  not line {skipped['line']}{row}: {skipped['why']}" + (f"  ({operands})" if operands else ""))


def _step(step: Answer) -> str:
    if not step["code"]:
        return "names none"
    found = f" → {step['record']}" if step.get("record") else f": {step.get('reason', '')}"
    hides = f", which hides {step['hides']}" if step.get("hides") else ""
    return f"{step['code']}{found}{hides}"


def _value(value: Any) -> str:
    return "[" + ", ".join(str(one) for one in value) + "]" if isinstance(value, list) else str(value)


def _blank(amount: str) -> str:
    return amount if amount.strip("0.") else ""
