"""The kit passes what is fit, and notices each thing that is spoiled: a saboteur for every group of checks."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field

from engine.conformance.kit import CHECKS, Result
from engine.conformance.run import NoSamples, NotFoundHere, asked_of, checks
from engine.spi import (
    Absent,
    DeliveryEvent,
    DeliveryPolicy,
    DocumentView,
    EventKind,
    File,
    ImportedDocument,
    Incoming,
    Parcel,
    PluginContext,
    Receipt,
    Rejected,
    StepState,
    TestReport,
    TestStep,
)
from engine.spi.host import PluginBroken
from engine.spi.samples import Trouble
from tests.support.fit import (
    MANIFEST,
    PASSWORD,
    SAMPLES,
    SHELVES,
    Fit,
    FitArchive,
    FitChannel,
    FitFormat,
    FitImporter,
    FitSource,
    ShelfSettings,
)


def results(plugin: Fit, folder: Path, ids: set[str] | None = None) -> list[Result]:
    asked = asked_of("fit", plugin, SAMPLES)
    return [one.result(folder) for one in asked if ids is None or one.check.id in ids]


def test_what_is_fit_passes_every_check(tmp_path: Path) -> None:
    found = results(Fit(), tmp_path)
    assert [(one.check.id, one.words) for one in found if one.state == "failed"] == []
    assert {one.check.group for one in found if one.state == "passed"} == {
        "manifest", "settings", "format", "import", "connection", "delivery", "idempotency", "errors", "timeouts",
        "privacy", "archive", "source", "relay",
    }  # fmt: skip


# --- saboteurs --------------------------------------------------------------------------------------------------------


class Random(FitFormat):
    _count = count()

    def render(self, document: DocumentView) -> File:
        return replace(super().render(document), content=str(next(self._count)).encode())


class Outgoing(FitFormat):
    def render(self, document: DocumentView) -> File:
        socket.create_connection(("127.0.0.1", 1), 1)
        return super().render(document)


class Pathlike(FitFormat):
    def render(self, document: DocumentView) -> File:
        return replace(super().render(document), name=f"{document.number}.json")


class Crashing(FitFormat):
    def render(self, document: DocumentView) -> File:
        if "\x00" in document.subject:
            raise ValueError("null character")
        return super().render(document)


class Credulous(FitImporter):
    def read(self, file: File) -> ImportedDocument:
        return ImportedDocument("json", {"supplier_number": file.content.decode()}, {}, "1")


class Spoken(BaseModel):
    """Settings in which a secret is plain text and nothing is described."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    shelf: str
    password: str = ""


class Described(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    shelf: str = Field(description="which one")
    password: str = Field(description="what opens it")


class Careless(FitChannel):
    settings_model = Spoken


class Written(FitChannel):
    settings_model = Described


class Proud(FitChannel):
    def test(self, settings: ShelfSettings, context: PluginContext) -> TestReport:
        return TestReport((TestStep("reach", StepState.OK),))


class Littering(FitChannel):
    def test(self, settings: ShelfSettings, context: PluginContext) -> TestReport:
        self.put_down(settings, "probe", b"")
        return super().test(settings, context)


class Wordless(FitChannel):
    def test(self, settings: ShelfSettings, context: PluginContext) -> TestReport:
        report = super().test(settings, context)
        return TestReport(tuple(replace(step, hint="", code="") for step in report.steps))


class Forgetful(FitChannel):
    def deliver(self, parcel: Parcel, context: PluginContext) -> Receipt:
        self.reach(parcel.settings)
        return Receipt(parcel.key)


class Deaf(FitChannel):
    def deliver(self, parcel: Parcel, context: PluginContext) -> Receipt:
        super().deliver(parcel, context)
        return Receipt("")


class Curious(FitChannel):
    def recipients(self, document: DocumentView) -> tuple[str, ...]:
        return (socket.gethostbyname("localhost"),)


class Hearsay(FitChannel):
    def events(self, settings: ShelfSettings, context: PluginContext) -> Iterator[DeliveryEvent]:
        yield DeliveryEvent("1", EventKind.DELIVERED, "", "of another", "", "", context.now())


class Mute(FitChannel):
    def events(self, settings: ShelfSettings, context: PluginContext) -> Iterator[DeliveryEvent]:
        raise KeyError("jobs")
        yield


class Inventive(FitImporter):
    def read(self, file: File) -> ImportedDocument:
        read = super().read(file)
        return replace(read, request={**read.request, "date": "2026-99-99"})


class Twin(FitChannel):
    _count = count()

    def put_down(self, settings: ShelfSettings, key: str, content: bytes) -> str:
        return super().put_down(settings, f"{key}-{next(self._count)}", content)


class Blind(FitChannel):
    def policy_of(self, settings: ShelfSettings) -> DeliveryPolicy:
        return DeliveryPolicy.RECONCILABLE


class OneOnly(FitChannel):
    def put_down(self, settings: ShelfSettings, key: str, content: bytes) -> str:
        return super().put_down(settings, "the one", content)


class Optimist(FitChannel):
    """All is always well."""

    def put_down(self, settings: ShelfSettings, key: str, content: bytes) -> str:
        SHELVES[settings.shelf].things[key] = content
        return key


class Grumpy(FitChannel):
    """Everything is refused for good, without a word."""

    def reach(self, settings: ShelfSettings) -> Any:
        if SHELVES[settings.shelf].wrong:
            raise Rejected("")
        return super().reach(settings)


class Broken(FitChannel):
    def reach(self, settings: ShelfSettings) -> Any:
        if SHELVES[settings.shelf].wrong:
            raise OSError("errno 7")
        return super().reach(settings)


class Sulking(FitChannel):
    """After one trouble it never does anything again."""

    def __init__(self) -> None:
        self.hurt = False

    def deliver(self, parcel: Parcel, context: PluginContext) -> Receipt:
        self.hurt = self.hurt or SHELVES[parcel.settings.shelf].wrong is Trouble.LATER
        return Receipt("sulking") if self.hurt and not SHELVES[parcel.settings.shelf].wrong else super().deliver(
            parcel, context
        )  # fmt: skip


class Chatty(FitChannel):
    def deliver(self, parcel: Parcel, context: PluginContext) -> Receipt:
        context.note(f"the password is {parcel.settings.password.get_secret_value()}")
        return super().deliver(parcel, context)


class Boastful(FitChannel):
    def deliver(self, parcel: Parcel, context: PluginContext) -> Receipt:
        if SHELVES[parcel.settings.shelf].wrong is Trouble.LOGIN:
            raise Rejected(f"{PASSWORD} is refused")
        return super().deliver(parcel, context)


class Overwriting(FitArchive):
    def put(self, place: str, content: bytes, settings: ShelfSettings, context: PluginContext) -> None:
        self.reach(settings).things[place] = content


class Lossy(FitArchive):
    def get(self, place: str, settings: ShelfSettings, context: PluginContext) -> bytes:
        return super().get(place, settings, context)[:-1]


class Clinging(FitSource):
    def done(
        self, incoming: Incoming, taken: bool, words: str, settings: ShelfSettings, context: PluginContext
    ) -> None:
        pass


class Renaming(FitSource):
    _count = count()

    def fetch(self, settings: ShelfSettings, context: PluginContext) -> Iterator[Incoming]:
        for one in super().fetch(settings, context):
            yield replace(one, id=f"{one.id}-{next(self._count)}")


class Losing(FitChannel):
    """Works on the bench, and breaks in a house."""

    def deliver(self, parcel: Parcel, context: PluginContext) -> Receipt:
        if context.connection == "KIT":
            raise ValueError("not here")
        return super().deliver(parcel, context)


SABOTAGE = [
    ("manifest.tells_what_it_is", {"manifest": replace(MANIFEST, licence="")}),
    ("manifest.tells_what_it_is", {"manifest": replace(MANIFEST, data_leaves=())}),
    ("manifest.gives_a_reason", {"manifest": replace(MANIFEST, cannot={"convert": Absent("no")})}),
    ("settings.makes_a_form", {"channel": Careless()}),
    ("settings.flags_secrets", {"channel": Written()}),
    ("settings.refuses_what_it_does_not_know", {"channel": Careless()}),
    ("settings.takes_and_refuses_the_samples", {"channel": Careless()}),
    ("format.renders_the_same_twice", {"format": Random()}),
    ("format.renders_the_same_twice", {"format": Outgoing()}),
    ("format.renders_a_file", {"format": Pathlike()}),
    ("format.refuses_in_words", {"format": Crashing()}),
    ("import.refuses_what_is_spoiled", {"importer": Credulous()}),
    ("connection.fails_its_test_with_a_code_and_a_way_out", {"channel": Proud()}),
    ("connection.fails_its_test_with_a_code_and_a_way_out", {"channel": Wordless()}),
    ("connection.passes_its_test_and_leaves_nothing", {"channel": Littering()}),
    ("delivery.arrives_once_with_a_receipt", {"channel": Forgetful()}),
    ("delivery.arrives_once_with_a_receipt", {"channel": Deaf()}),
    ("delivery.names_recipients_without_asking_anybody", {"channel": Curious()}),
    ("delivery.reads_what_became_of_it", {"channel": Hearsay()}),
    ("delivery.reads_what_became_of_it", {"channel": Mute()}),
    ("import.reads_its_samples", {"importer": Inventive()}),
    ("idempotency.keeps_its_policy", {"channel": Twin()}),
    ("idempotency.keeps_its_policy", {"channel": Blind()}),
    ("idempotency.a_lost_answer_makes_no_twin", {"channel": Twin()}),
    ("idempotency.two_keys_are_two_documents", {"channel": OneOnly()}),
    ("errors.tells_later", {"channel": Optimist()}),
    ("errors.tells_lost", {"channel": Optimist()}),
    ("errors.tells_refused", {"channel": Grumpy()}),
    ("errors.tells_down", {"channel": Broken()}),
    ("errors.tells_login", {"channel": Grumpy()}),
    ("errors.tells_reset", {"channel": Grumpy()}),
    ("errors.tells_garbage", {"channel": Optimist()}),
    ("errors.goes_on_after_trouble", {"channel": Sulking()}),
    ("timeouts.tells_silent", {"channel": Grumpy()}),
    ("privacy.tells_no_secret", {"channel": Chatty()}),
    ("privacy.tells_no_secret", {"channel": Boastful()}),
    ("archive.overwrites_nothing", {"archive": Overwriting()}),
    ("archive.stays_in_its_place", {"archive": Overwriting()}),
    ("archive.gives_back_what_it_took", {"archive": Lossy()}),
    ("source.brings_and_lets_go", {"source": Clinging()}),
    ("source.brings_and_lets_go", {"source": Renaming()}),
    ("relay.works_through_the_relay", {"channel": Losing()}),
]


@pytest.mark.parametrize(("check", "spoiled"), SABOTAGE, ids=lambda one: one if isinstance(one, str) else "")
def test_a_saboteur_is_noticed(check: str, spoiled: dict[str, Any], tmp_path: Path) -> None:
    found = results(Fit(**spoiled), tmp_path, {check})
    assert [one for one in found if one.unfit], [(one.name, one.state, one.words) for one in found]
    assert all(PASSWORD not in one.words for one in found)


def test_every_group_has_its_saboteur() -> None:
    groups = {check.group for check in CHECKS if check.must}
    assert {check.split(".")[0] for check, _ in SABOTAGE} == groups


def test_a_plugin_that_does_not_load_or_has_no_samples_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotFoundHere, match="plugin_not_found .*'no_such_plugin'"):
        checks("no_such_plugin")
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "half_a_plugin.py").write_text("import json\n\nimport no_such_library\n")
    with pytest.raises(PluginBroken, match=r"No module named 'no_such_library' \(.*half_a_plugin.py, line 3\)"):
        checks("half_a_plugin")
    (tmp_path / "torn_plugin.py").write_text("def f(:\n")
    with pytest.raises(PluginBroken, match=r"SyntaxError: invalid syntax \(.*torn_plugin.py, line 1\)"):
        checks("torn_plugin")
    with pytest.raises(NoSamples, match=r"no_samples_here"):
        checks("plugins.facturx.plugin", "no_samples_here")
