"""An e-mail address or a telephone number that leads nowhere is told before the document is posted."""

from typing import Any

import pytest

from engine.drafting.contacts import contact_faults
from engine.drafting.request import read_request
from tests.support.house import CUSTOMER, invoice

GOOD_EMAILS = (
    "", "a@x.it", "a@x.it; b@x.it", "a@x.it, <b@x.it>", "a@x.it,b@x.it;", "o'neill+f@mail.x-y.example", "a@società.it"
)  # fmt: skip
BAD_EMAILS = {
    "compta2": ["compta2"],
    "a@x.it; compta2": ["compta2"],
    "a@office": ["a@office"],
    "a@b@c.it": ["a@b@c.it"],
    "a@x..it": ["a@x..it"],
    "@x.it": ["@x.it"],
    "Anna Rossi": ["Anna", "Rossi"],
    " ; ": [" ; "],
}
GOOD_PHONES = ("", "+33 1 99 00 12 34", "(0)11/9990.567-8", "06 12 34 56 78 ext. 4", "06 12 34 56 78; +39 333 1234567")
BAD_PHONES = ("phone", "+", "compta2@x.it")


def faults(field: str, text: str, role: str = "customer") -> list[tuple[str, str, str]]:
    given: dict[str, Any] = {role: CUSTOMER | {field: text}}
    if role == "supplier":
        given["customer"] = None
    asked = read_request(invoice() | given).request
    return [(one.code, one.path, one.message) for one in contact_faults(asked)]


@pytest.mark.parametrize("text", GOOD_EMAILS)
def test_one_address_or_several_are_taken(text: str) -> None:
    assert not faults("email", text)


@pytest.mark.parametrize(("text", "words"), BAD_EMAILS.items())
@pytest.mark.parametrize("role", ["customer", "ship_to"])
def test_each_word_that_is_no_address_is_told(text: str, words: list[str], role: str) -> None:
    told = faults("email", text, role)
    assert told == [("bad_email", f"{role}.email", f"{word!r} is not an e-mail address") for word in words]


@pytest.mark.parametrize("text", GOOD_PHONES)
def test_a_telephone_number_is_written_as_people_write_it(text: str) -> None:
    assert not faults("phone", text)


@pytest.mark.parametrize("text", BAD_PHONES)
def test_what_is_no_telephone_number_is_told(text: str) -> None:
    ((code, path, _),) = faults("phone", text)
    assert (code, path) == ("bad_phone", "customer.phone")


def test_what_a_supplier_says_of_itself_stops_no_document() -> None:
    assert not faults("email", "compta2", "supplier") and not faults("phone", "ext. 4", "supplier")
