"""The public door for plugins: everything a third party may import, and nothing else.

A plugin registers through `hookimpl` (called once at start, no I/O) what does the work: formats, which render a posted
document to a file, and channels, which hand a file over. Neither knows the other. See plugins/README.md.
"""

from engine.spi.contracts import (
    API_VERSION,
    AddressView,
    ChargeView,
    CompanyView,
    DeliveryChannel,
    DeliveryPolicy,
    DiscountView,
    DocumentFormat,
    DocumentView,
    DueDateView,
    File,
    LineView,
    NoteView,
    Parcel,
    PartyView,
    PrepaidView,
    Receipt,
    ReferenceView,
    Rejected,
    TaxView,
    TotalsView,
    TryLater,
    WithholdingView,
)
from engine.spi.hookspecs import hookimpl

__all__ = [
    "API_VERSION",
    "AddressView",
    "ChargeView",
    "CompanyView",
    "DeliveryChannel",
    "DeliveryPolicy",
    "DiscountView",
    "DocumentFormat",
    "DocumentView",
    "DueDateView",
    "File",
    "LineView",
    "NoteView",
    "Parcel",
    "PartyView",
    "PrepaidView",
    "Receipt",
    "ReferenceView",
    "Rejected",
    "TaxView",
    "TotalsView",
    "TryLater",
    "WithholdingView",
    "hookimpl",
]
