"""Importers read files into documents; sources bring the files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pydantic import BaseModel

    from engine.spi.contracts.connections import PluginContext, TestReport
    from engine.spi.contracts.delivery import File


@dataclass(frozen=True, slots=True)
class ImportedDocument:
    """What a file says, in our words.

    `request` is a document as `factotum post` takes it, without what the file cannot know: company, type, tax codes.
    Tax rows are named by `tax_category`, `tax_rate` and, if said, `tax_exemption` (VATEX); the engine finds
    the company's tax for them.
    """

    syntax: str  # such as cii, facturx
    request: Mapping[str, Any]
    buyer: Mapping[str, str]  # what tells whose document it is: vat_number, registration, electronic_address, name;
    # the middle two as `scheme:id`
    number: str  # the seller's
    warnings: tuple[str, ...] = ()
    totals: Mapping[str, str] = field(default_factory=dict)  # what the file says it comes to, by our names: lines, net,
    # tax, gross, payable …, and `lines.0` for the net of a line; compared with what we compute
    payment_means: str = ""  # UNTDID 4461
    accounts: tuple[tuple[str, str], ...] = ()  # where to pay to: (IBAN, BIC or "")


class Importer(Protocol):
    name: str

    def recognises(self, file: File) -> bool:
        """Whether this looks like one of ours, by its first bytes, quickly and without parsing. Pure."""

    def read(self, file: File) -> ImportedDocument:
        """Read one file. Input is hostile: cap sizes, resolve nothing, take a second at most. Pure.

        Errors: Validation, with everything that is wrong; Rejected. Anything else is a plugin's bug.
        """


@dataclass(frozen=True, slots=True)
class Incoming:
    """What a source brings. `id` is the source's own and stays the same, so it is taken in once."""

    id: str
    files: tuple[File, ...]
    sender: str = ""
    subject: str = ""


class DocumentSource(Protocol):
    """Where documents come from: a folder, a mailbox."""

    name: str

    @property
    def settings_model(self) -> type[BaseModel]:
        """As of a channel."""

    def test(self, settings: Any, context: PluginContext) -> TestReport:
        """As of a channel."""

    def fetch(self, settings: Any, context: PluginContext) -> Iterable[Incoming]:
        """What lies there now, oldest first; nothing is moved or marked yet. Errors: as DeliveryChannel.deliver."""

    def done(self, incoming: Incoming, taken: bool, words: str, settings: Any, context: PluginContext) -> None:
        """It is stored by the engine: move it away or mark it, `taken` or refused with `words`. May come twice."""
