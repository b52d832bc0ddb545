"""What Portugal offers: one chain per number series, which is one type and one series of the AT.

The rest is loaded when a Portuguese document comes: who posts in another country pays nothing for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from engine.spi import ChainScope, SealKind

if TYPE_CHECKING:
    from engine.spi import DocumentView, ReadySeal, Sealed, SealRecord
    from plugins.seal_prt.settings import PortugueseSettings


class PortugueseSeal:
    name = "prt"
    chain_scope = ChainScope.SERIES
    kinds = frozenset({SealKind.ISSUE})

    @property
    def settings_model(self) -> type[PortugueseSettings]:
        from plugins.seal_prt.settings import PortugueseSettings

        return PortugueseSettings

    def seals(self, document: DocumentView) -> bool:
        if document.company.legislation != "PRT":
            return False
        from plugins.seal_prt.fields import is_issued

        return is_issued(document)

    def load(self, settings: PortugueseSettings) -> ReadySeal:
        from plugins.seal_prt import keys, ready

        return ready.ReadyPortugueseSeal(settings, keys.private_key(settings))

    def verify_chain(
        self, records: Iterable[tuple[SealRecord, Sealed]], settings: PortugueseSettings, head: str | None = None
    ) -> Iterator[str]:
        from plugins.seal_prt.chain import verify_chain

        return verify_chain(records, settings.public_keys, head)
