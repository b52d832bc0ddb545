"""Legal seals: put on after the number, chained, kept as they were made; what refuses or breaks writes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from engine import flow
from engine.kernel.faults import Faulty
from engine.spi.contracts import ChainScope
from engine.spi.host import Plugins
from engine.storage import tables
from tests.support.fakes import Stamp
from tests.support.house import House, invoice
from tests.support.packs import codes


def sealed(house: House, *seals: Stamp, word: str = "w") -> House:
    """The house with seals of PARIS."""
    offered = Plugins(house.plugins.formats, house.plugins.channels, {one.name: one for one in seals})
    made = house.beside(offered)
    for one in seals:
        flow.configure_seal(made, made.context, one.name, "PARIS", {"word": word})
    return made


def rows(house: House) -> list[dict[str, Any]]:
    return house.rows(tables.document_seal)


def test_a_document_carries_its_seal_and_each_follows_the_one_before(house: House) -> None:
    made = sealed(house, Stamp())
    answers = [made.post(invoice()) for _ in range(3)]
    kept = rows(made)
    assert [row["position"] for row in kept] == [1, 2, 3]
    assert [row["previous"] for row in kept] == ["", kept[0]["link"], kept[1]["link"]]
    assert answers[0]["seals"] == {"stamp": {"stamp": kept[0]["fingerprint"][:4]}}
    shown = flow.show(made, made.context, answers[0]["number"], company="PARIS")
    assert shown["seals"] == answers[0]["seals"] and not made.verify()


def test_only_companies_that_were_told_to_seal_do(house: House) -> None:
    made = sealed(house, Stamp())
    assert made.post(invoice(), company="LILLE")["seals"] == {}
    assert flow.seals(made, made.context) == [{"company": "PARIS", "seal": "stamp", "settings": {"word": "w"}}]
    flow.configure_seal(made, made.context, "stamp", "PARIS", None)
    assert made.post(invoice())["seals"] == {} and flow.seals(made, made.context) == []


def test_several_seals_and_chains_of_an_issuer(house: House) -> None:
    made = sealed(house, Stamp("b"), Stamp("a", ChainScope.ISSUER))
    made.post(invoice())
    made.post(invoice(), invoice_type="AVF", references=[{"kind": "corrects", "number": "X", "date": "2026-01-01"}])
    chains = {(row["seal"], row["chain"]): row["position"] for row in rows(made)}
    assert chains["a", "PARIS"] == 2 and len(chains) == 3
    assert not made.verify()


def test_what_a_seal_refuses_is_told_before_any_number(house: House) -> None:
    made = sealed(house, Stamp(refused="never"))
    made.post(invoice())
    assert made.refusal(invoice(), subject="never") == ["seal_refuses"]
    assert made.value("FV/FRA") == 1 and len(rows(made)) == 1


def test_a_dry_run_is_refused_too_and_seals_nothing(house: House) -> None:
    made = sealed(house, Stamp(refused="never"))
    with pytest.raises(Faulty):
        made.post(invoice(), dry_run=True, subject="never")
    assert made.post(invoice(), dry_run=True)["seals"] == {} and not rows(made)


def test_keys_are_proved_before_a_seal_is_set(house: House) -> None:
    made = sealed(house, Stamp())
    with pytest.raises(Faulty) as caught:
        flow.configure_seal(made, made.context, "stamp", "PARIS", {"word": "lost"})
    assert codes(caught.value.faults) == ["seal_not_ready"]
    with pytest.raises(Faulty) as unknown:
        flow.configure_seal(made, made.context, "stmp", "PARIS", {})
    assert codes(unknown.value.faults) == ["unknown_seal"]


def test_a_document_that_must_be_sealed_is_never_posted_without(house: House) -> None:
    sealed(house, Stamp())
    without = house.beside(Plugins(house.plugins.formats, house.plugins.channels))
    assert without.refusal(invoice()) == ["unknown_seal"]


def test_a_posting_under_way_sees_a_seal_that_was_set_meanwhile(house: House) -> None:
    house.post(invoice())
    offered = Plugins(house.plugins.formats, house.plugins.channels, {"stamp": Stamp()})
    early = house.beside(offered)
    early.post(invoice())
    sealed(house, Stamp())
    assert early.post(invoice())["seals"]


def test_a_sealed_document_is_cancelled_once_by_a_record_on_the_same_chain(house: House) -> None:
    made = sealed(house, Stamp())
    first, second = (made.post(invoice())["number"] for _ in range(2))
    told = flow.cancel_seal(made, made.context, first, "stamp")
    assert told["kind"] == "cancellation" and sorted(row["position"] for row in rows(made)) == [1, 2, 3]
    for number, seal, code in ((first, "stamp", "cancelled_before"), (second, "other", "not_sealed")):
        with pytest.raises(Faulty) as caught:
            flow.cancel_seal(made, made.context, number, seal)
        assert codes(caught.value.faults) == [code]
    assert made.post(invoice())["seals"] and not made.verify()


def test_a_seal_that_knows_no_cancellation_says_so(house: House) -> None:
    stamp = Stamp()
    stamp.kinds = frozenset()  # type: ignore[assignment]
    made = sealed(house, stamp)
    number = made.post(invoice())["number"]
    with pytest.raises(Faulty) as caught:
        flow.cancel_seal(made, made.context, number, "stamp")
    assert codes(caught.value.faults) == ["seal_without_cancellation"]


def test_a_seal_cannot_be_changed_and_a_chain_that_was_is_found(house: House) -> None:
    made = sealed(house, Stamp())
    made.post(invoice())
    made.post(invoice())
    with pytest.raises(IntegrityError, match="posted rows never change"):
        made.change(tables.document_seal, {"fingerprint": "0"}, position=1)
    made.change(tables.seal_chain, {"head": "0"}, seal="stamp")
    (found,) = flow.verify(made, made.context).findings
    assert found.fault.code == "seal_chain_broken" and "the last one is missing" in found.fault.message


def test_a_chain_that_cannot_be_checked_is_told(house: House) -> None:
    made = sealed(house, Stamp())
    made.post(invoice())
    without = house.beside(Plugins(house.plugins.formats, house.plugins.channels))
    (found,) = flow.verify(without, without.context).findings
    assert found.fault.code == "seal_chain_not_checked"
