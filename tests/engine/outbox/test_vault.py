"""Secrets are encrypted, bound to their place, and move to a new key."""

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.outbox.vault import NoKey, Sealed, SecretSpoiled, Vault, new_key, vault_from

VAULT = Vault({"one": bytes(32), "two": bytes(range(32))})


@given(st.text(), st.sampled_from(["MAIL", "DROP"]), st.sampled_from(["password", "key"]))
def test_what_is_sealed_opens_at_its_place_only(secret: str, connection: str, field: str) -> None:
    sealed = VAULT.seal(connection, field, secret)
    assert sealed.key_id == "one" and VAULT.open(connection, field, sealed) == secret
    for place in ((connection, field + "2"), (connection + "2", field)):
        with pytest.raises(SecretSpoiled):
            VAULT.open(*place, sealed)


def test_one_secret_never_looks_the_same_twice() -> None:
    assert VAULT.seal("MAIL", "password", "hunter2") != VAULT.seal("MAIL", "password", "hunter2")


@given(st.integers(0, 40), st.integers(1, 255))
def test_a_changed_byte_is_noticed(at: int, by: int) -> None:
    sealed = VAULT.seal("MAIL", "password", "hunter2 hunter2")
    raw = bytearray(base64.b64decode(sealed.text))
    raw[at] ^= by
    with pytest.raises(SecretSpoiled):
        VAULT.open("MAIL", "password", Sealed(sealed.key_id, base64.b64encode(raw).decode()))


@pytest.mark.parametrize("text", ["", "%%%", "AAAA"])
def test_what_is_no_secret_is_refused(text: str) -> None:
    with pytest.raises(SecretSpoiled):
        VAULT.open("MAIL", "password", Sealed("one", text))


def test_the_first_key_seals_and_the_others_still_open(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(new_key() + "\n")
    old = vault_from({"FACTOTUM_KEY_FILE": str(file)})
    sealed = old.seal("MAIL", "password", "hunter2")
    file.write_text(f"{new_key()}\n{file.read_text()}")
    both = vault_from({"FACTOTUM_KEY_FILE": str(file)})
    assert both.current != old.current and both.open("MAIL", "password", sealed) == "hunter2"
    with pytest.raises(NoKey, match=f"key {old.current} is not among those given") as refused:
        vault_from({"FACTOTUM_KEY": new_key()}).open("MAIL", "password", sealed)
    assert refused.value.way_out.startswith("name the file with the old key in FACTOTUM_KEY_FILE")


def test_without_a_key_nothing_is_kept_in_the_clear() -> None:
    with pytest.raises(NoKey, match="there is no key") as refused:
        vault_from({}).seal("MAIL", "password", "hunter2")
    assert refused.value.way_out.startswith("make a key with `factotum secret new-key FILE`")


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"FACTOTUM_KEY_FILE": "/nowhere/at/all"}, "cannot be read"),
        ({"FACTOTUM_KEY": "%%%"}, "is not base64"),
        ({"FACTOTUM_KEY": "AAAA"}, "is not base64 of 32 bytes"),
    ],
)
def test_a_key_that_does_not_do_is_told_without_showing_it(environment: dict[str, str], words: str) -> None:
    with pytest.raises(NoKey, match=words) as refused:
        vault_from(environment)
    assert "%%%" not in str(refused.value) and "AAAA" not in str(refused.value)
