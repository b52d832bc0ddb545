import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.email_smtp.addresses import address, one_line, sorted_out, split


@pytest.mark.parametrize(
    ("field", "addresses", "unreadable"),
    [
        ("", (), ()),
        (" anna@client.example ", ("anna@client.example",), ()),
        ("a@x.it;b@x.it, c@x.it\td@x.it\r\ne@x.it", ("a@x.it", "b@x.it", "c@x.it", "d@x.it", "e@x.it"), ()),
        ("Anna@X.it, anna@x.it", ("Anna@X.it",), ()),
        ("Anna Rossi <anna@x.it>", ("anna@x.it",), ("Anna", "Rossi")),
        ("o'hara+erp@sub.x-y.co.uk", ("o'hara+erp@sub.x-y.co.uk",), ()),
        ("info@società.it", ("info@xn--societ-nta.it",), ()),
        ("anna@x.it, bob@", ("anna@x.it",), ("bob@",)),
    ],
)
def test_addresses_are_found_in_what_people_write(
    field: str, addresses: tuple[str, ...], unreadable: tuple[str, ...]
) -> None:
    assert sorted_out(split(field)) == (addresses, unreadable)


@pytest.mark.parametrize(
    "word",
    [
        "", "@", "anna", "anna@", "@x.it", "anna@x", "anna@x..it", "an na@x.it", ".anna@x.it", "anna.@x.it",
        "a..b@x.it",
        "a@b@x.it", "anna@-x.it", "anna@x-.it", "anna@[127.0.0.1]", '"anna"@x.it', "anna@x.it>",
        "anna@x.it\r\nBcc: b@x.it",
        "anna@x.it\n", "anna\x00@x.it", "élan@x.it", "=?utf-8?q?=0D=0ABcc?=@x.it", "a" * 65 + "@x.it",
        "a@" + "b" * 64 + ".it",
        "a@" + "b." * 130 + "it", "a@\udcff.it", "a@" + "é" * 64 + ".it", "a@x.it\u2028",
    ],
)  # fmt: skip
def test_what_is_no_address_is_none(word: str) -> None:
    assert address(word) is None


@given(st.text())
def test_an_address_is_plain_ascii_and_is_its_own_address(word: str) -> None:
    found = address(word)
    assert found is None or (found.isascii() and found.isprintable() and " " not in found and address(found) == found)


@given(st.text(st.characters(codec=None)))
def test_one_line_is_one_line_and_stays_so(text: str) -> None:
    line = one_line(text)
    assert len(line.splitlines()) <= 1 and len(line) <= 200 and one_line(line) == line
    line.encode()  # no lone surrogate is left
