"""What Spain offers: one chain per issuer and installation, all series, alta and anulación mixed.

The rest is loaded when a Spanish document comes: who posts in another country pays nothing for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from engine.spi import ChainScope, SealKind

if TYPE_CHECKING:
    from engine.spi import DocumentView, ReadySeal, Sealed, SealRecord
    from plugins.seal_esp.settings import SpanishSettings


class SpanishSeal:
    name = "esp"
    chain_scope = ChainScope.ISSUER
    kinds = frozenset(SealKind)

    @property
    def settings_model(self) -> type[SpanishSettings]:
        from plugins.seal_esp.settings import SpanishSettings

        return SpanishSettings

    def seals(self, document: DocumentView) -> bool:
        if document.company.legislation != "ESP":
            return False
        from plugins.seal_esp.fields import is_issued

        return is_issued(document)

    def load(self, settings: SpanishSettings) -> ReadySeal:
        from plugins.seal_esp.ready import ReadySpanishSeal

        return ReadySpanishSeal(settings)

    def verify_chain(
        self, records: Iterable[tuple[SealRecord, Sealed]], settings: SpanishSettings, head: str | None = None
    ) -> Iterator[str]:
        from plugins.seal_esp.chain import verify_chain

        return verify_chain(records, head)
