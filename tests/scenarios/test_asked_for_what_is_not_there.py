"""What people ask for and is not there, or not like this: a listed fault, each with the way out; on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import flow
from engine.flow import Actor, Context
from engine.kernel.faults import Faulty
from engine.posting.ports import KeyTaken
from engine.spi.host import Plugins
from engine.storage import tables
from tests.scenarios.test_revisions import run
from tests.support.fakes import MemoryChannel, PlainFormat
from tests.support.house import House, invoice, written


def test_a_user_nobody_described(house: House) -> None:
    assert "unknown_user" in run(house, "types", "--company", "PARIS", "--user", "clair", exit_code=1).output
    assert "'claire'" in run(house, "types", "--company", "PARIS", "--user", "clair", exit_code=1).output


def test_a_format_and_a_channel_nobody_offers(house: House, tmp_path: Path) -> None:
    number = house.post(invoice())["number"]
    out = str(tmp_path / "file")
    refused = run(house, "export", number, "--format", "facturxx", "--out", out, exit_code=1)
    assert "unknown_format" in refused.output
    assert "did you mean 'facturx'?" in refused.output
    assert "unknown_channel" in run(house, "plugin", "configure", "C", "--channel", "mail", exit_code=1).output
    assert not Path(out).exists()


def test_a_delivery_rule_for_a_format_nobody_offers_cannot_be_applied(house: House, tmp_path: Path) -> None:
    rule = '[[delivery_rule]]\nid = "R"\nchannel = "email"\nformat = "paper"\nconnection = "C"'
    planned = flow.plan_packs(house, house.context, [str(written(tmp_path, "OURS", rule))])
    assert [(fault.code, fault.path) for fault in planned.faults] == [
        ("unknown_format", "OURS/part0.toml delivery_rule R/* format")
    ]


def test_a_format_that_cannot_tell_a_document_says_why(house: House) -> None:
    class Refusing(PlainFormat):
        def render(self, document: object) -> object:  # type: ignore[override]
            from engine.spi import Rejected

            raise Rejected("category O stands alone")

    refusing = house.beside(Plugins({"facturx": Refusing("facturx")}, {"email": MemoryChannel("email")}))
    answer = refusing.post(invoice())
    with pytest.raises(Faulty) as faulty:
        flow.export(refusing, refusing.context, str(answer["id"]), "facturx")
    [fault] = faulty.value.faults
    assert fault.code == "format_refused"
    assert "category O stands alone" in fault.message
    refusing.close()


@pytest.mark.parametrize("words", [("host=",), ("port=many", "host=mail.example"), ("hots=x",)])
def test_a_setting_a_channel_refuses(house: House, words: tuple[str, ...]) -> None:
    refused = run(house, "plugin", "configure", "MAIL", "--channel", "email", *words, exit_code=1)
    assert "bad_setting" in refused.output
    assert "bad_setting" in run(house, "plugin", "configure", "mail 1", "--channel", "email", exit_code=1).output
    assert house.rows(tables.connection) == []


def test_the_same_key_written_behind_our_back_is_told_to_the_flow(house: House) -> None:
    """The unique (company, key) is what counts; the flow then gives the first answer."""
    house.post(invoice(), key="K1")
    document = house.row(tables.document, key="K1")
    twin = document | {"id": 999_999, "value": document["value"] + 1, "number": "FV-2026-99999"}
    with pytest.raises(KeyTaken) as taken, house.posting.transaction() as work:
        work.insert("document", [twin])
    assert taken.value.code == "key_taken"
    assert house.counts()["document"] == 1


def test_an_actor_without_rights_may_do_nothing(house: House) -> None:
    nobody = Context(Actor("nobody"), house.clock)
    answer = flow.post_one_of_many(house, nobody, 0, invoice())
    assert [fault["code"] for fault in answer["faults"]] == ["not_allowed"]
    for ask in (
        lambda: flow.offered(house, nobody, "PARIS"),
        lambda: flow.verify(house, nobody),
        lambda: flow.relay(house, nobody),
        lambda: flow.revisions(house, nobody),
        lambda: flow.configure(house, nobody, "C", "email", {}),
        lambda: flow.apply_packs(house, nobody, flow.plan_packs(house, house.context, ["DEMO"])),
    ):
        with pytest.raises(Faulty):
            ask()
