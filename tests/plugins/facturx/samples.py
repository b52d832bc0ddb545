"""Samples for the conformance kit: files that our own formats made, to be read back."""

from engine.conformance.documents import credit_note, invoice
from engine.spi.samples import Samples
from plugins.facturx.formats import Cii, FacturX

DOCUMENTS = (invoice(3), credit_note())
SAMPLES = Samples(
    files={
        "facturx": [FacturX().render(one) for one in DOCUMENTS],
        "cii": [Cii().render(one) for one in DOCUMENTS],
    }
)
