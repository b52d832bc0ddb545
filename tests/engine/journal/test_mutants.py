"""The mutation check: 500 mutants of proved journals, judged by brute force over documents made by chance alone.

Each that brute force unbalances is refuted, with a document that really does not balance when it is drafted anew; each
other is proved, or seldom sampled. FACTOTUM_MUTANTS=full holds them against 4,000 documents (`make bench` has figures).
"""

from __future__ import annotations

import os

import pytest

from tests.support.mutants import Judged, judged, proved_journals, really_unbalanced

COUNT = 500
DOCUMENTS = 4_000 if os.environ.get("FACTOTUM_MUTANTS") == "full" else 400


@pytest.fixture(scope="module")
def verdicts() -> list[Judged]:
    return list(judged(COUNT, DOCUMENTS))


def test_every_mutant_that_brute_force_unbalances_is_refuted(verdicts: list[Judged]) -> None:
    missed = [one for one in verdicts if one.unbalanced and one.proof.verdict != "refuted"]
    assert not missed, [(one.proof.verdict, one.mutant) for one in missed]
    assert sum(one.unbalanced for one in verdicts) > 0.6 * COUNT


def test_nothing_is_refuted_but_by_a_document_that_really_does_not_balance(verdicts: list[Judged]) -> None:
    refuted = [one for one in verdicts if one.proof.verdict == "refuted"]
    assert refuted and all(really_unbalanced(one.mutant, one.proof) for one in refuted)
    beyond = [one.mutant for one in refuted if not one.unbalanced]
    assert len(beyond) <= 0.01 * COUNT, "brute force should meet nearly all that the proof finds"


def test_the_others_are_proved_and_hardly_ever_sampled(verdicts: list[Judged]) -> None:
    proved = [one for one in verdicts if one.proof.verdict == "proved"]
    sampled = [one for one in verdicts if one.proof.verdict == "sampled"]
    assert proved and not any(one.unbalanced for one in proved)
    assert len(sampled) <= 0.02 * COUNT, [one.mutant for one in sampled]
    assert {one.mutant.code for one in verdicts} == {one.code for one in proved_journals()}
