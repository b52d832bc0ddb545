"""Documents as people read them in a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from engine.edge.cli.output import counted, print_faults, table
from engine.kernel.clock import moment

Answer = Mapping[str, Any]
DUE = {
    "due_date": "due_date of the document", "due_dates": "due_dates of the document",
    "payment_terms": "payment terms of the document", "company": "payment terms of the company",
    "date": "the day of the document, for nothing else is said",
}  # fmt: skip
"""Where due dates come from."""


def print_posted(answers: Sequence[Answer], first: int = 0) -> None:
    """What posting gave: one document whole, several in a table, then every fault.

    `first` is an id taken before anything was posted: what has a smaller one was there already, under its key.
    """
    good = [one for one in answers if "faults" not in one]
    known = [one for one in good if one["id"] and one["id"] < first]
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
    if known:
        which = "Already posted with this key" if len(answers) == 1 else (
            f"{len(known)} of {counted(len(answers), 'document')} already posted with the same key"
        )  # fmt: skip
        click.echo(f"{which}; nothing new.")
    for one in answers:
        if "faults" in one:
            if len(answers) > 1:
                click.echo(f"document {one['index']}" + (f", key {one['key']}" if one["key"] else "") + ":", err=True)
            print_faults(one["faults"], writes=True)


def print_document(answer: Answer) -> None:
    """One document: head, lines, totals, taxes, entries, deliveries, and its explanation when it has one."""
    kind = answer["invoice_type"]
    would = " (dry run: this number would come)" if answer["status"] == "dry_run" else ""
    way = (answer["company"], answer["partner"])
    from_, to = way if answer["module"] == "sales" else reversed(way)
    click.echo(
        f"{answer['number']}{would}  {from_} → {to}  {answer['date']}  "
        f"type {kind['code']} of {kind['legislation'] or 'all legislations'}, revision {answer['revision']}"
    )
    if "creation_number" in answer:
        click.echo(f"  second number {answer['creation_number']}")
    if "lines" in answer:  # of what was posted, not of what was just posted
        from engine.edge.cli.particulars import print_particulars

        print_particulars(answer)
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
    print_entries(answer["entries"])
    for delivery in answer["deliveries"]:
        click.echo(f"  {_delivered(delivery)}")
    for task in answer.get("undelivered", ()):
        click.echo(
            f"  {task['recipient']} did not get delivery {task['delivery']} ({task['detail']}): {_settled(task)}"
        )
    if "explanation" in answer:
        print_explanation(answer["explanation"])
        for delivery in answer["deliveries"]:
            to = ", ".join(delivery["recipients"]) or "nobody"
            click.echo(f"Delivery by {delivery['channel']} to {to}: rule {delivery['rule']}")


def _delivered(delivery: Answer) -> str:
    """Which way, to whom, what came of it and when."""
    to = ", ".join((*delivery.get("recipients", ()), *(f"copy {one}" for one in delivery.get("copies", ()))))
    what = " ".join(str(delivery[name]) for name in ("id", "channel", "format") if delivery[name])
    state = "held" if delivery.get("held") and delivery["state"] in ("pending", "retry") else delivery["state"]
    when = f" at {moment(delivery['sent_at'])}" if delivery.get("sent_at") else ""
    detail = f" ({delivery['detail']})" if delivery.get("detail") else ""
    again = f", for delivery {delivery['resent_of']}" if delivery.get("resent_of") else ""
    return f"{what} to {to or 'nobody'}{again}: {state}{when}{detail}"


def _settled(task: Answer) -> str:
    """What became of mail that came back."""
    if task["state"] == "open":
        return f"an address is waited for until {task['deadline'][:10]}"
    words = {"corrected": "sent to another address", "posted": "sent by post", "delivered": "it arrived after all"}
    by = f" by delivery {task['next']}" if task["next"] else ""
    return words.get(task["state"], "left as it is") + by


def print_entries(entries: Sequence[Answer]) -> None:
    """Each entry as a table."""
    for entry in entries:
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


def print_explanation(told: Answer) -> None:
    """Where everything comes from."""
    click.echo(f"Type: {told['type']['record']}, revision {told['revision']}; rates of {told['tax_point']}")
    print_numbering(told["numbering"])
    if "creation_numbering" in told:
        print_numbering(told["creation_numbering"], "Second number")
    due = told["due_dates"]
    click.echo(f"Due dates: {DUE[due['from']]}" + (f" {due['code']} → {due['record']}" if due["code"] else ""))
    click.echo("Entry:")
    for step in told["determination"]:
        click.echo(f"  {step['table']} by {step['from']}: {_step(step)}")
    print_entries_explained(told)


def print_numbering(told: Answer, title: str = "Number") -> None:
    """Which series a number is of, and the steps to it."""
    click.echo(f"{title}: series {told['series']}")
    for step in told["steps"]:
        click.echo(f"  {step['step']} {step['from'] or '-'}: {_step(step)}")


def print_entries_explained(told: Answer) -> None:
    """Which journals ran, what each line made, and why others made nothing."""
    for journal in told["journals"]:
        did = "ran" + (", every side turned" if journal["reversed"] else "") if journal["ran"] else "did not run"
        click.echo(f"  automatic journal {journal['journal']} {did}")
        for condition in journal["conditions"]:
            click.echo(f"    {condition['field']}: {_condition(condition)}")
    for line in told["lines"]:
        click.echo(
            f"  line {line['line']}{_row(line)}: {line['side']} {line['amount']} = {line['formula']}{_seen(line)}"
        )
        for condition in line["conditions"]:
            click.echo(f"    because {_condition(condition)}")
        for name, field in line["fields"].items():
            click.echo(f"    {name}: {_condition(field)}")
        for step in line["sources"]:
            click.echo(f"    account: {_source(step)}")
    for skipped in told["skipped"]:
        click.echo(f"  not line {skipped['line']}{_row(skipped)}: {skipped['why']}{_seen(skipped)}")


def _row(line: Answer) -> str:
    index = "" if line["index"] is None else f" ({line['index']})"
    return ("" if line["row"] < 0 else f" #{line['row'] + 1}") + index


def _seen(asked: Answer) -> str:
    operands = ", ".join(f"{name} = {_value(value)}" for name, value in asked["operands"])
    return f"  ({operands})" if operands else ""


def _condition(asked: Answer) -> str:
    return f"{asked['formula']} is {asked['value']}{_seen(asked)}"


def _source(step: Answer) -> str:
    record = f" of {step['record']}" if step["record"] else ""
    places = step["positions"]
    where = f", position {_ranges(places)}" if places and len(places) < len(step["result"]) else ""
    given = f"{step['source']}{record} gives {step['mask'] or 'nothing'}{where}"
    return given + (f" → {step['result']}" if step["result"] else "")


def _ranges(places: Sequence[int]) -> str:
    """[1, 2, 3, 6] -> 1-3, 6"""
    runs: list[list[int]] = []
    for place in places:
        if runs and runs[-1][-1] == place - 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def _step(step: Answer) -> str:
    if not step["code"]:
        return "names none"
    found = f" → {step['record']}" if step.get("record") else f": {step.get('reason', '')}"
    hides = f", which hides {step['hides']}" if step.get("hides") else ""
    return f"{step['code']}{found}{hides}"


def _value(value: Any) -> str:
    return "[" + ", ".join(str(one) for one in value) + "]" if isinstance(value, list) else str(value) or '""'


def _blank(amount: str) -> str:
    return amount if amount.strip("0.") else ""
