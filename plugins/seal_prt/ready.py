"""The seal with its settings and its key: what is told before the number, and what is made after it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.spi import DocumentView, Sealed, SealKind, SealProblem, SealRecord, SealRefused
from plugins.seal_prt import chain, fields, qr, signature

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from plugins.seal_prt.settings import PortugueseSettings


@dataclass(frozen=True, slots=True)
class ReadyPortugueseSeal:
    settings: PortugueseSettings
    key: RSAPrivateKey = field(repr=False)

    def chain(self, document: DocumentView, series: str) -> str:
        return series

    def problems(self, record: SealRecord) -> Sequence[SealProblem]:
        if record.kind is not SealKind.ISSUE:
            return [SealProblem("", "Portugal signs no cancellations", "issue a credit note")]
        return [*fields.problems(record.document, record.value, self.settings)]

    def seal(self, record: SealRecord) -> Sealed:
        number = fields.numbered(record.document.number)
        if (problems := self.problems(record)) or number is None:
            raise SealRefused(problems)
        settings, series, previous = self.settings, self.settings.series[number.series], chain.before(record)
        kind = fields.saft_type(record.document, settings.types)
        told = {
            chain.CONTROL: str(settings.key_version), chain.CERTIFICATE: settings.certificate,
            chain.ZONE: settings.time_zone,
        }  # fmt: skip
        facts = chain.facts_of(record, chain.entered(record.at, settings.time_zone, previous), kind, told)
        if wrong := [*chain.out_of_order(facts, record.at, previous, series.first)]:
            raise SealRefused(wrong)
        signed = signature.sign(signature.message(facts, previous[chain.HASH] if previous else ""), self.key)
        atcud = f"{series.validation_code}-{number.printed}"
        shown = signature.characters(signed)
        code = qr.text(record.document, settings, kind, atcud, shown, settings.certificate)
        return Sealed(signed, chain.link(facts, signed), chain.printed(facts, signed, atcud, code), facts)
