"""The seal with its settings: what is told before the number, and what is made after it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.spi import DocumentView, Sealed, SealKind, SealProblem, SealRecord, SealRefused
from plugins.seal_esp import chain, fields

if TYPE_CHECKING:
    from plugins.seal_esp.settings import SpanishSettings


@dataclass(frozen=True, slots=True)
class ReadySpanishSeal:
    settings: SpanishSettings

    def chain(self, document: DocumentView, series: str) -> str:
        return f"{fields.issuer(document)[:40]}/{self.settings.installation}"

    def problems(self, record: SealRecord) -> Sequence[SealProblem]:
        found = [*fields.wrong_identity(record.document)]
        if record.kind is SealKind.ISSUE:
            found += fields.wrong_content(record.document, self.settings.types)
        return found

    def seal(self, record: SealRecord) -> Sealed:
        if problems := self.problems(record):
            raise SealRefused(problems)
        settings, previous = self.settings, chain.before(record)
        dated = chain.moment(record.at, settings.time_zone, previous)
        kind = fields.kind_of(record.document, settings.types)
        return chain.sealed(record, previous, kind, dated, settings.service, settings.installation)
