"""The contract: one chain per issuer and installation, all series, alta and anulación mixed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from engine.spi import ChainScope, DocumentView, ReadySeal, Sealed, SealKind, SealProblem, SealRecord, SealRefused
from plugins.seal_esp import chain, fields
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


class SpanishSeal:
    name = "esp"
    chain_scope = ChainScope.ISSUER
    kinds = frozenset(SealKind)
    settings_model = SpanishSettings

    def seals(self, document: DocumentView) -> bool:
        return fields.is_spanish(document)

    def load(self, settings: SpanishSettings) -> ReadySeal:
        return ReadySpanishSeal(settings)

    def verify_chain(
        self, records: Iterable[tuple[SealRecord, Sealed]], settings: SpanishSettings, head: str | None = None
    ) -> Iterator[str]:
        return chain.verify_chain(records, head)
