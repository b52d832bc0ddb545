"""Proofs of a whole parametrization: made once, kept with the revision, and what is not proved is refused."""

from dataclasses import replace
from pathlib import Path

import pytest

from engine import flow
from engine.journal import proofs
from engine.journal.proofs import Kept
from engine.kernel.faults import Fault
from engine.lint import proved as looked
from engine.parametrization import definitions as d
from engine.parametrization.catalog import Catalog
from engine.storage import tables
from tests.packs.shipped import catalog_of
from tests.support.house import House
from tests.support.packs import DAY, SALES, catalog, company, sihi


def proofs_of(packs: Catalog) -> list[Kept]:
    return proofs.proved(packs, DAY, lambda hashes: {})


def refused(*records: d.Record) -> list[Fault]:
    packs = catalog(*records)
    return list(proofs.refusals(packs, proofs_of(packs), lambda record: record.key))


GROSS, NET, CHARGES, TAX = SALES


@pytest.mark.parametrize("code", ["ALL", "FRA", "ITA", "DEMO"])
def test_every_journal_of_the_shipped_packs_is_proved(code: str) -> None:
    found = proofs_of(catalog_of(code))
    assert found and {one.verdict for one in found} == {"proved"}
    assert not list(looked.look(catalog_of(code), found))


def test_a_journal_that_does_not_balance_is_refused_with_a_document() -> None:
    (fault,) = refused(sihi(GROSS, NET, TAX))
    assert (fault.code, fault.path) == ("journal_refuted", "SIHI/*")
    assert "debit less credit is" in fault.message and '"charges"' in fault.message


THIRDS = replace(NET, amount="round(line.net / 3)", repeat=d.Repeat(first=1, last=3))
LOOSE = d.Variance(tolerance=1000, gain=("411",), loss=("411",))  # type: ignore[arg-type]


def test_one_that_is_only_sampled_needs_to_be_allowed_and_is_told() -> None:
    (fault,) = refused(sihi(GROSS, THIRDS, CHARGES, TAX, variance=LOOSE))
    assert fault.code == "journal_not_proved"
    allowed = sihi(GROSS, THIRDS, CHARGES, TAX, variance=LOOSE, allow_sampled=True)
    assert not refused(allowed)
    packs = catalog(allowed)
    assert [one.code for one in looked.look(packs, proofs_of(packs))] == ["lint_journal_sampled"]


def test_lines_that_never_fire_and_conditions_that_always_hold_are_told() -> None:
    never = replace(NET, id="never", when="line.net > 0", conditions=("line.net < 0",))
    always = replace(TAX, when="document.gross >= 0")
    packs = catalog(sihi(GROSS, NET, CHARGES, always, never))
    found = [(one.code, one.message) for one in looked.look(packs, proofs_of(packs))]
    assert [(code, "never" in words, "tax" in words) for code, words in found] == [
        ("lint_line_never_made", True, False), ("lint_condition_always_true", False, True),
    ]  # fmt: skip


def test_a_journal_is_proved_for_each_legislation_with_its_own_named_formulas() -> None:
    wrong = d.NamedFormula(code="revenue", legislation="ITA", each="line", text="round(line.net * 2)")
    right = d.NamedFormula(code="revenue", each="line", text="line.net")
    journal = sihi(GROSS, replace(NET, amount="formula.revenue"), CHARGES, TAX)
    (fault,) = refused(journal, wrong, right, company("ROMA", "ITA"))
    assert fault.code == "journal_refuted" and "for companies of ITA" in fault.message


def test_a_proof_is_made_once_for_what_it_rests_on() -> None:
    packs = catalog()
    first = proofs_of(packs)
    made: list[str] = []
    again = proofs.proved(packs, DAY, lambda hashes: {one.hash: one for one in first}, made.append)
    assert again == first and made == []
    other = catalog(sihi(GROSS, NET, CHARGES, replace(TAX, when="tax.amount != 0")))
    proofs.proved(other, DAY, lambda hashes: {one.hash: one for one in first if one.hash in hashes}, made.append)
    assert made == ["SIHI/*"]


BROKEN = """
[[automatic_journal]]
code = "HALF"
legislation = "FRA"
entry_type = "FAC"
[[automatic_journal.line]]
id = "customer"
side = "debit"
account = ["411"]
amount = "document.gross"
[[automatic_journal.line]]
id = "sales"
side = "credit"
account = ["707"]
amount = "document.net"
"""


def test_a_refuted_journal_cannot_be_applied_and_proofs_are_kept_with_the_revision(
    house: House,
    tmp_path: Path,
) -> None:
    kept = house.rows(tables.journal_proof)
    assert {row["verdict"] for row in kept} == {"proved"} and {row["revision"] for row in kept} == {1}
    folder = tmp_path / "OURS"
    folder.mkdir()
    (folder / "pack.toml").write_text('[pack]\ncode = "OURS"\nversion = "1"\nrequires = ["DEMO"]\n' + BROKEN, "utf-8")
    plan = flow.plan_packs(house, house.context, [str(folder)])
    assert [fault.code for fault in plan.faults] == ["journal_refuted"]
    assert "factotum journal HALF" in plan.faults[0].remedy
    mended = BROKEN.replace('"document.net"', '"document.gross"')
    (folder / "pack.toml").write_text('[pack]\ncode = "OURS"\nversion = "1"\nrequires = ["DEMO"]\n' + mended, "utf-8")
    house.apply_packs(str(folder))
    assert {row["revision"] for row in house.rows(tables.journal_proof)} == {1, 2}
