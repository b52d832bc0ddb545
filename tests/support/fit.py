"""A plugin of every facet that passes the conformance kit; what each test spoils of it must be noticed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from engine.spi import (
    ArchiveStore,
    AuthExpired,
    Conflict,
    DeliveryChannel,
    DeliveryPolicy,
    DocumentFormat,
    DocumentSource,
    DocumentView,
    File,
    ImportedDocument,
    Importer,
    Incoming,
    Manifest,
    NotFound,
    OutcomeUnknown,
    Parcel,
    PluginContext,
    PluginError,
    PluginKind,
    Prepared,
    Provider,
    Receipt,
    Rejected,
    RemoteRef,
    StepState,
    TestReport,
    TestStep,
    TryLater,
    Validation,
    hookimpl,
)
from engine.spi.samples import Samples, Trouble

PASSWORD = "swordfish-of-the-kit"


@dataclass
class Shelf:
    """The other side: things by key, and what goes wrong with it."""

    things: dict[str, bytes] = field(default_factory=dict)
    waiting: dict[str, bytes] = field(default_factory=dict)
    wrong: Trouble | None = None

    @property
    def settings(self) -> dict[str, Any]:
        return {"shelf": str(id(self)), "password": PASSWORD}

    def held(self) -> list[str]:
        return sorted(self.things)

    def trouble(self, kind: Trouble | None) -> bool:
        self.wrong = kind
        return True


SHELVES: dict[str, Shelf] = {}


@contextmanager
def shelf(folder: Path) -> Iterator[Shelf]:
    made = Shelf(waiting={"one": b"first", "two": b"second"})
    SHELVES[made.settings["shelf"]] = made
    yield made
    del SHELVES[made.settings["shelf"]]


class ShelfSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    shelf: str = Field(pattern=r"^\d+$", description="which one")
    password: SecretStr = Field(description="what opens it")


TOLD: dict[Trouble, PluginError] = {
    Trouble.DOWN: TryLater("nobody there"),
    Trouble.RESET: TryLater("cut off"),
    Trouble.SILENT: OutcomeUnknown("no answer"),
    Trouble.LATER: TryLater("busy"),
    Trouble.REFUSED: Rejected("not this one"),
    Trouble.LOGIN: AuthExpired("wrong password"),
    Trouble.GARBAGE: OutcomeUnknown("it says grmbl"),
}


class OnShelf:
    """What channels, providers, sources and stores share here."""

    settings_model: type[BaseModel] = ShelfSettings

    def policy_of(self, settings: ShelfSettings) -> DeliveryPolicy:
        return DeliveryPolicy.IDEMPOTENT

    def test(self, settings: ShelfSettings, context: PluginContext) -> TestReport:
        try:
            self.reach(settings)
        except PluginError as wrong:
            code = type(wrong).__name__.lower()
            return TestReport((TestStep("reach", StepState.FAIL, wrong.reason, code, "look after the shelf"),))
        return TestReport((TestStep("reach", StepState.OK, "it is there"),))

    def reach(self, settings: ShelfSettings) -> Shelf:
        found = SHELVES[settings.shelf]
        if found.wrong in TOLD:
            raise TOLD[found.wrong]
        return found

    def put_down(self, settings: ShelfSettings, key: str, content: bytes) -> str:
        found = self.reach(settings)
        found.things[key] = content
        if found.wrong is Trouble.LOST:
            raise OutcomeUnknown("it was taken, perhaps")
        return key


class FitChannel(OnShelf):
    name = "fit_channel"

    def recipients(self, document: DocumentView) -> tuple[str, ...]:
        return (document.partner.code,)

    def deliver(self, parcel: Parcel, context: PluginContext) -> Receipt:
        context.note("putting it down")
        return Receipt(self.put_down(parcel.settings, parcel.key, b"".join(file.content for file in parcel.files)))


class FitProvider(OnShelf):
    name = "fit_provider"

    def prepare(self, document: DocumentView, settings: ShelfSettings) -> Prepared:
        return Prepared("invoice", {"number": document.number, "total": f"{document.totals.gross:f}"})

    def push(self, prepared: Prepared, key: str, settings: ShelfSettings, context: PluginContext) -> RemoteRef:
        return RemoteRef(self.put_down(settings, key, json.dumps(prepared.payload).encode()), prepared.kind)

    def find(self, prepared: Prepared, key: str, settings: ShelfSettings, context: PluginContext) -> RemoteRef | None:
        return RemoteRef(key, prepared.kind) if key in self.reach(settings).things else None


class FitFormat:
    name = "fit_format"
    extension = "json"

    def render(self, document: DocumentView) -> File:
        words = json.dumps({"number": document.number, "total": f"{document.totals.gross:f}"})
        return File(f"{document.id}.json", "application/json", words.encode())


class FitImporter:
    name = "fit_importer"

    def recognises(self, file: File) -> bool:
        return file.content.startswith(b"{")

    def read(self, file: File) -> ImportedDocument:
        try:
            told = json.loads(file.content[:100_000])
            return ImportedDocument("json", {"supplier_number": str(told["number"])}, {}, str(told["number"]))
        except (ValueError, KeyError, TypeError, RecursionError) as cause:
            raise Validation("it is no document of this kind") from cause


class FitSource(OnShelf):
    name = "fit_source"

    def fetch(self, settings: ShelfSettings, context: PluginContext) -> Iterable[Incoming]:
        waiting = self.reach(settings).waiting
        return [Incoming(name, (File(name, "text/plain", waiting[name]),)) for name in sorted(waiting)]

    def done(
        self, incoming: Incoming, taken: bool, words: str, settings: ShelfSettings, context: PluginContext
    ) -> None:
        self.reach(settings).waiting.pop(incoming.id, None)


class FitArchive(OnShelf):
    name = "fit_archive"

    def put(self, place: str, content: bytes, settings: ShelfSettings, context: PluginContext) -> None:
        if place.startswith("/") or ".." in place.split("/"):
            raise Rejected(f"{place!r} leads outside")
        if self.reach(settings).things.setdefault(place, content) != content:
            raise Conflict(f"{place} holds something else")

    def get(self, place: str, settings: ShelfSettings, context: PluginContext) -> bytes:
        try:
            return self.reach(settings).things[place]
        except KeyError as cause:
            raise NotFound(f"{place} is not there") from cause


MANIFEST = Manifest(
    id="fit", version="1.0", title="A plugin that is fit", kind=PluginKind.DELIVERY, licence="Apache-2.0", docs="here",
    capabilities=frozenset({"render", "deliver", "push.create", "import", "fetch", "archive", "test"}),
    data_leaves=("everything: to a shelf",),
)  # fmt: skip
GOOD: Mapping[str, Any] = {"shelf": "1", "password": PASSWORD}
NAMES = ("fit_channel", "fit_provider", "fit_source", "fit_archive")
SAMPLES = Samples(
    remotes=dict.fromkeys(NAMES, shelf),
    settings=dict.fromkeys(NAMES, [GOOD]),
    wrong=dict.fromkeys(NAMES, [({**GOOD, "shelf": "top"}, "shelf"), ({"shelf": "1"}, "password")]),
    files={"fit_importer": [File("one.json", "application/json", b'{"number": "S-1", "lines": []}')]},
)


class Fit:
    """The plugin. A test gives what it spoils."""

    def __init__(self, manifest: Manifest = MANIFEST, **spoiled: Any) -> None:
        self._manifest, self._spoiled = manifest, spoiled

    @hookimpl
    def register_manifest(self) -> Manifest:
        return self._manifest

    @hookimpl
    def register_formats(self) -> list[DocumentFormat]:
        return [self._spoiled.get("format", FitFormat())]

    @hookimpl
    def register_delivery_channels(self) -> list[DeliveryChannel]:
        return [self._spoiled.get("channel", FitChannel())]

    @hookimpl
    def register_providers(self) -> list[Provider]:
        return [self._spoiled.get("provider", FitProvider())]

    @hookimpl
    def register_importers(self) -> list[Importer]:
        return [self._spoiled.get("importer", FitImporter())]

    @hookimpl
    def register_sources(self) -> list[DocumentSource]:
        return [self._spoiled.get("source", FitSource())]

    @hookimpl
    def register_archive_stores(self) -> list[ArchiveStore]:
        return [self._spoiled.get("archive", FitArchive())]
