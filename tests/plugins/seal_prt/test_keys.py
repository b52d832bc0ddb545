"""Keys are read before any number is taken, and whatever is wrong with them is told in plain words, never shown."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from pydantic import ValidationError

from engine.kernel.faults import Faulty
from engine.spi import SealNotReady
from engine.spi.seals import in_use
from plugins.seal_prt.keys import signs
from plugins.seal_prt.seal import PortugueseSeal
from plugins.seal_prt.settings import PortugueseSettings
from tests.plugins.seal_prt.builders import (
    another_key,
    given,
    key_file,
    private_pem,
    public_pem,
    ready,
    record,
    settings,
    signing_key,
)

ROOT = Path(__file__).resolve().parents[3]


def refused(**changes: Any) -> dict[str, str]:
    """Field -> reason."""
    with pytest.raises(SealNotReady) as error:
        PortugueseSeal().load(settings(**changes))
    return {problem.field: problem.reason for problem in error.value.problems}


def test_a_key_is_read_from_a_file(tmp_path: Path) -> None:
    used = in_use(PortugueseSeal(), given(private_key=key_file(tmp_path)))
    assert used.seal(record()) == ready().seal(record())
    assert used.faults(record()) == []


def test_a_key_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACTOTUM_TEST_KEY", private_pem(signing_key()).decode())
    assert in_use(PortugueseSeal(), given()).seal(record()) == ready().seal(record())


def test_a_key_with_a_passphrase_is_read_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    locked = key_file(tmp_path, private_pem(signing_key(), "abracadabra"))
    monkeypatch.setenv("FACTOTUM_TEST_PASSPHRASE", "abracadabra")
    (tmp_path / "word").write_text("abracadabra\n")
    for place in ("env:FACTOTUM_TEST_PASSPHRASE", f"file:{tmp_path / 'word'}"):
        loaded = PortugueseSeal().load(settings(private_key=locked, passphrase=place))
        assert loaded.seal(record()) == ready().seal(record())

    assert "has a passphrase" in refused(private_key=locked)["settings.passphrase"]
    monkeypatch.setenv("FACTOTUM_TEST_PASSPHRASE", "hocuspocus")
    wrong = refused(private_key=locked, passphrase="env:FACTOTUM_TEST_PASSPHRASE")
    assert "or the passphrase is wrong" in wrong["settings.private_key"] and "hocuspocus" not in str(wrong)
    (tmp_path / "open").mkdir()
    unlocked = key_file(tmp_path / "open")
    found = refused(private_key=unlocked, passphrase="env:FACTOTUM_TEST_PASSPHRASE")
    assert found == {"settings.passphrase": "the private key has no passphrase"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"hello", "no private key in PEM form"),
        (b"\xff\xfe\x00" * 40, "no private key in PEM form"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "no private key in PEM form"),
        (public_pem(signing_key()).encode(), "no private key in PEM form"),
        (private_pem(signing_key())[:200], "no private key in PEM form"),
        (private_pem(another_key(2048)), "a key of 2048 bits, not RSA of 1024 bits"),
        (private_pem(ec.generate_private_key(ec.SECP256R1())), "a key of another kind"),
        (private_pem(another_key()), "not the pair of the public key of version 1"),
        (b"x" * 70_000, "too long for a key"),
    ],
    ids=["empty", "text", "bytes", "hollow", "public", "cut", "2048", "elliptic", "another", "huge"],
)
def test_a_key_that_will_not_do_is_told_and_not_shown(tmp_path: Path, content: bytes, words: str) -> None:
    reason = refused(private_key=key_file(tmp_path, content))["settings.private_key"]
    assert words in reason and "BEGIN" not in reason and len(reason) < 300


def test_a_key_that_is_not_there_is_told_with_its_place(tmp_path: Path) -> None:
    reason = refused(private_key=f"file:{tmp_path / 'absent.pem'}")["settings.private_key"]
    assert "absent.pem cannot be read: No such file" in reason
    assert "cannot be read" in refused(private_key=f"file:{tmp_path}")["settings.private_key"]
    assert refused() == {"settings.private_key": "the variable FACTOTUM_TEST_KEY is not set"}
    assert refused(passphrase="env:FACTOTUM_TEST_PASSPHRASE") == {
        "settings.private_key": "the variable FACTOTUM_TEST_KEY is not set",
        "settings.passphrase": "the variable FACTOTUM_TEST_PASSPHRASE is not set",
    }


def test_a_machine_that_forbids_the_laws_hash_is_told_of_before_it_signs() -> None:
    class Forbidding:
        def sign(self, *asked: object) -> bytes:
            raise UnsupportedAlgorithm("sha1 is disabled")

    assert signs(signing_key(), signing_key().public_key())
    assert not signs(signing_key(), another_key().public_key())
    assert not signs(cast(RSAPrivateKey, Forbidding()), signing_key().public_key())


def test_public_keys_are_checked_too_and_everything_is_told_at_once(tmp_path: Path) -> None:
    found = refused(key_version=3, public_keys={1: public_pem(signing_key()), 2: "junk"})
    assert found == {
        "settings.private_key": "the variable FACTOTUM_TEST_KEY is not set",
        "settings.public_keys.2": "it is no RSA public key in PEM form",
        "settings.public_keys": "there is no public key of version 3",
    }
    elliptic = public_pem(ec.generate_private_key(ec.SECP256R1()))
    found = refused(private_key=key_file(tmp_path), public_keys={1: elliptic})
    assert found == {"settings.public_keys.1": "it is no RSA public key in PEM form"}


def test_a_secret_written_where_its_place_belongs_is_refused_and_not_repeated() -> None:
    pasted = private_pem(signing_key()).decode()
    for field in ("private_key", "passphrase"):
        with pytest.raises(ValidationError) as invalid:
            settings(**{field: pasted})
        assert "BEGIN" not in str(invalid.value)
        with pytest.raises(Faulty) as faulty:
            in_use(PortugueseSeal(), given(**{field: pasted}))
        (fault,) = faulty.value.faults
        assert fault.code == "seal_not_ready" and fault.path == f"settings.{field}"
        assert "never the secret itself" in fault.message and "BEGIN" not in str(fault)


def test_no_secret_is_shown_by_a_ready_seal(tmp_path: Path) -> None:
    shown = repr(in_use(PortugueseSeal(), given(private_key=key_file(tmp_path))))
    assert "RSAPrivateKey" not in shown and "BEGIN PRIVATE" not in shown


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("certificate", "99999"), ("certificate", "AB"), ("certificate", ""), ("private_key", "/etc/key.pem"),
        ("private_key", "env:"), ("private_key", "env:A B"), ("private_key", "file:a\nb"), ("private_key", "http://x"),
        ("key_version", 0), ("public_keys", {}), ("public_keys", {"one": "x"}),
        ("series", {"FT A": {"validation_code": "SHORT"}}), ("series", {"FT A": {"validation_code": "csdf7t5h"}}),
        ("series", {"FT A": {"validation_code": "CSDF7T5H", "first": 0}}), ("series", {"FT A": {}}),
        ("types", {"FAT": "XX"}), ("types", {"REC": "RC"}), ("region", "ES"), ("taxes", {"A": {"region": "pt"}}),
        ("taxes", {"A": {"level": "low"}}), ("time_zone", "Lisbon"), ("other", "a*b"), ("other", "x" * 66),
        ("other", "a\nb"), ("nif", "1"),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_work_is_refused_by_its_name(field: str, value: object) -> None:
    with pytest.raises(ValidationError) as wrong:
        settings(**{field: value})
    assert wrong.value.errors()[0]["loc"][0] == field


def test_settings_need_no_more_than_a_certificate_and_keys() -> None:
    few = PortugueseSettings.model_validate({"certificate": "1", "private_key": "env:A", "public_keys": {1: "x"}})
    assert few.time_zone == "Europe/Lisbon" and few.region == "PT" and few.series == {}


def test_registering_loads_no_cryptography() -> None:
    """Who posts in another country pays nothing for Portugal's."""
    asks = (
        "import sys; from engine.spi.host import register; from plugins.seal_prt import plugin; "
        "print(*register([('seal_prt', plugin)]).seals, 'cryptography' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", asks], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.split() == ["prt", "False"], done.stderr
