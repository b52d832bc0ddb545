"""Whether those whom a sale is for can be reached as it says: their e-mail addresses and telephone numbers.

Asked of what is to be posted, never of what was. What a supplier's document says of the supplier is taken as it comes:
nothing is sent there, and a file must not wait for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import get_args

from engine.drafting.request import Party, Request
from engine.kernel.faults import Fault, FaultKind, clipped
from engine.parametrization.words import MailAddress

BAD_EMAIL = FaultKind(
    "bad_email",
    "{word!r} is not an e-mail address",
    "write name@domain.tld; several with a semicolon or comma between; or leave it out",
)
BAD_PHONE = FaultKind(
    "bad_phone",
    "{phone!r} is not a telephone number",
    "write it with its digits, as +33 6 12 34 56 78; or leave it out",
)
SEPARATORS = re.compile(r"[\s,;]+")
"""Between several addresses in one field."""
_PHONE = re.compile(r"[^@]*[0-9][^@]*")
"""Whatever people write beside the digits, such as an extension: a slip of the field is told, no more."""
_MAIL = get_args(MailAddress)[1]


def contact_faults(request: Request) -> list[Fault]:
    """What of the customer and of the address of delivery leads nowhere."""
    if request.side != "sales":
        return []
    parties = (("customer", request.customer), ("ship_to", request.ship_to))
    return [fault for path, party in parties if party for fault in _of_party(path, party)]


def _of_party(path: str, party: Party) -> Iterator[Fault]:
    if party.email:
        words = [word for part in SEPARATORS.split(party.email) if (word := part.strip("<>"))]
        wrong = [word for word in words if not _is_address(word)] if words else [party.email]
        yield from (BAD_EMAIL.at(f"{path}.email", word=clipped(word, 60)) for word in wrong)
    if party.phone and not _PHONE.fullmatch(party.phone):
        yield BAD_PHONE.at(f"{path}.phone", phone=clipped(party.phone, 60))


def _is_address(word: str) -> bool:
    """As the recipients of delivery rules, at a domain of two labels or more: `clerk@office` is a slip."""
    try:
        _MAIL.check(word)
    except ValueError:
        return False
    labels = word.rpartition("@")[2].split(".")
    return len(labels) > 1 and all(labels)
