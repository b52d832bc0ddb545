"""Hand-overs to real SFTP servers on this machine: OpenSSH, and asyncssh's where something is to go wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from engine.spi import (
    AuthExpired,
    ConfigError,
    Conflict,
    DeliveryPolicy,
    File,
    OutcomeUnknown,
    PermissionDenied,
    PluginError,
    Rejected,
    TestReport,
    TransientError,
)
from engine.spi.host import register
from engine.spi.net import GuardedNetwork
from plugins.export_sftp import plugin
from plugins.export_sftp.client import SftpChannel
from plugins.export_sftp.line import private_key
from plugins.export_sftp.settings import SftpSettings
from tests.plugins.parcels import BIG, CANARY, PDF, parcel
from tests.support.fakes import plugin_context
from tests.support.mailbox import DISCONNECT, closed_port, scripted, silent
from tests.support.sftp import PASSWORD, SftpServer, asyncssh_server, keys, openssh

HERE = plugin_context()
SHORT = 1.5  # seconds, for servers that would never answer
NAME = "FR01-FA-2026-00042.pdf"
channel = SftpChannel()
Servers = dict[str, Callable[..., AbstractContextManager[SftpServer]]]
KINDS: Servers = {"openssh": openssh, "asyncssh": asyncssh_server}


@pytest.fixture(params=KINDS)
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SftpServer]:
    with KINDS[request.param](tmp_path) as found:
        yield found


def connection(server: SftpServer, **changes: Any) -> SftpSettings:
    given = {
        "host": "127.0.0.1", "port": server.port, "user": server.user, "private_key": server.private_key,
        "fingerprint": server.fingerprint, "folder": server.remote,
    }  # fmt: skip
    return SftpSettings.model_validate(given | changes)


def wrong(server: SftpServer, *files: File, **changes: Any) -> PluginError:
    with pytest.raises(PluginError) as raised:
        channel.deliver(parcel(connection(server, **changes), files=files or (PDF,)), HERE)
    return raised.value


def listed(server: SftpServer) -> list[str]:
    return sorted(path.name for path in server.folder.iterdir())


def test_the_plugin_offers_the_channel(tmp_path: Path) -> None:
    offered = register([("export_sftp", plugin)]).channels["sftp"]
    assert offered.settings_model is SftpSettings
    assert offered.policy_of(None) is DeliveryPolicy.IDEMPOTENT


def test_files_arrive_whole_and_nothing_else_does(server: SftpServer) -> None:
    receipt = channel.deliver(parcel(connection(server), files=(PDF, replace(PDF, name="x.PDF"))), HERE)
    assert listed(server) == ["FR01-FA-2026-00042-2.pdf", NAME]
    assert (server.folder / NAME).read_bytes() == PDF.content
    assert receipt.reference == f"{NAME}, FR01-FA-2026-00042-2.pdf"
    assert "276 bytes, SHA-256 checked" in receipt.detail


def test_the_same_parcel_again_is_found_there(server: SftpServer) -> None:
    sent = parcel(connection(server))
    assert channel.find(sent, HERE) is None
    channel.deliver(sent, HERE)
    before = (server.folder / NAME).stat()
    assert "there already" in channel.deliver(sent, HERE).detail
    assert (server.folder / NAME).stat() == before or (server.folder / NAME).stat().st_mtime_ns == before.st_mtime_ns
    found = channel.find(sent, HERE)
    assert found is not None and found.reference == NAME
    assert channel.find(replace(sent, files=(replace(PDF, content=PDF.content[:-1] + b"?"),)), HERE) is None


def test_what_is_left_of_an_attempt_that_broke_off_is_written_over(server: SftpServer) -> None:
    (server.folder / f"{NAME}.part").write_bytes(b"x" * 5000)
    channel.deliver(parcel(connection(server)), HERE)
    assert listed(server) == [NAME] and (server.folder / NAME).read_bytes() == PDF.content


@pytest.mark.parametrize("other", [b"other", PDF.content[:-1] + b"?"])
def test_something_else_under_the_name_is_replaced_only_if_that_is_allowed(server: SftpServer, other: bytes) -> None:
    (server.folder / NAME).write_bytes(other)
    assert type(wrong(server)) is Conflict
    assert listed(server) == [NAME] and (server.folder / NAME).read_bytes() == other
    channel.deliver(parcel(connection(server, overwrite=True)), HERE)
    assert listed(server) == [NAME] and (server.folder / NAME).read_bytes() == PDF.content


def test_a_big_and_an_empty_file_arrive_whole(server: SftpServer) -> None:
    empty = File("nothing.txt", "text/plain", b"")
    channel.deliver(parcel(connection(server), files=(BIG, empty)), HERE)
    there = (server.folder / "FR01-FA-2026-00042.bin").read_bytes()
    assert sha256(there).digest() == sha256(BIG.content).digest()
    assert (server.folder / "FR01-FA-2026-00042.txt").read_bytes() == b""


def test_names_of_any_language_arrive(server: SftpServer) -> None:
    document = replace(parcel(None).document, number="№ 7/é漢字")
    receipt = channel.deliver(parcel(connection(server, file_name="{number}"), document=document), HERE)
    assert listed(server) == [receipt.reference] and "é漢字" in receipt.reference


def test_a_test_passes_and_leaves_nothing_behind(server: SftpServer) -> None:
    report = channel.test(connection(server), HERE)
    assert report.passed, report
    assert [step.name for step in report.steps] == ["resolve", "connect", "host_key", "login", "folder", "write"]
    assert listed(server) == []


def test_the_key_line_pins_as_well_as_the_fingerprint(server: SftpServer) -> None:
    for pin in (
        server.host_line,
        f"[127.0.0.1]:{server.port} {server.host_line}",
        f"SHA256:{'A' * 43}, {server.fingerprint}",
    ):
        assert channel.test(connection(server, fingerprint=pin), HERE).passed


def test_a_pinned_key_of_another_kind_is_found_though_the_server_shows_its_first(tmp_path: Path) -> None:
    keys(tmp_path, "host_rsa", "ssh-rsa")
    second = (tmp_path / "host_rsa.pub").read_text()
    with openssh(tmp_path, more=f"HostKey {tmp_path}/host_rsa") as server:
        assert channel.test(connection(server, fingerprint=second), HERE).passed
        channel.deliver(parcel(connection(server, fingerprint=second)), HERE)
    assert listed(server) == [NAME]


def test_nothing_to_hand_over_is_a_rejection(server: SftpServer) -> None:
    with pytest.raises(Rejected, match="format"):
        channel.deliver(parcel(connection(server), files=()), HERE)


# --- host keys and logins ---------------------------------------------------------------------------------------------


def failed(report: TestReport) -> tuple[str, str]:
    (step,) = [step for step in report.steps if step.state.value == "fail"]
    assert not report.passed and step.hint
    return step.name, step.code


def test_a_host_key_that_is_not_pinned_yet_is_told(server: SftpServer) -> None:
    report = channel.test(connection(server, fingerprint=""), HERE)
    assert failed(report) == ("host_key", "host_key_unknown") and server.fingerprint in report.steps[-1].words
    assert type(wrong(server, fingerprint="")) is ConfigError


def test_a_changed_host_key_stops_before_the_password_is_sent(server: SftpServer, tmp_path: Path) -> None:
    other = keys(tmp_path, "other").get_fingerprint()
    error = wrong(server, fingerprint=other, private_key="", password=CANARY)
    assert type(error) is ConfigError and server.fingerprint in error.reason
    assert failed(channel.test(connection(server, fingerprint=other), HERE)) == ("host_key", "host_key_changed")
    log = tmp_path / "sshd" / "sshd.log"
    assert not log.exists() or "password" not in log.read_text()


def test_a_key_the_server_does_not_know_is_refused(server: SftpServer, tmp_path: Path) -> None:
    other = keys(tmp_path, "other").export_private_key().decode()
    assert type(wrong(server, private_key=other)) is AuthExpired
    assert failed(channel.test(connection(server, private_key=other), HERE)) == ("login", "bad_secret")


def test_a_password_where_only_keys_are_taken_is_a_matter_of_settings(tmp_path: Path) -> None:
    with openssh(tmp_path) as server:
        error = wrong(server, private_key="", password=CANARY)
    assert type(error) is ConfigError and "publickey" in error.reason


def test_a_password_is_taken_or_refused(tmp_path: Path) -> None:
    with asyncssh_server(tmp_path) as server:
        channel.deliver(parcel(connection(server, private_key="", password=PASSWORD)), HERE)
        assert type(wrong(server, private_key="", password=CANARY)) is AuthExpired
    assert listed(server) == [NAME]


@pytest.mark.parametrize("kind", ["ssh-rsa", "ecdsa-sha2-nistp256"])
def test_other_kinds_of_host_keys_are_pinned_too(tmp_path: Path, kind: str) -> None:
    with asyncssh_server(tmp_path, kind) as server:
        assert channel.test(connection(server), HERE).passed


def written(key: Any, form: serialization.PrivateFormat, phrase: str) -> str:
    how = serialization.BestAvailableEncryption(phrase.encode()) if phrase else serialization.NoEncryption()
    return str(key.private_bytes(serialization.Encoding.PEM, form, how).decode())


FORMS = serialization.PrivateFormat


@pytest.mark.parametrize("phrase", ["", CANARY])
@pytest.mark.parametrize("form", [FORMS.OpenSSH, FORMS.PKCS8, FORMS.TraditionalOpenSSL])
def test_private_keys_are_read_in_every_usual_form(form: serialization.PrivateFormat, phrase: str) -> None:
    for key in (rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP384R1())):
        text = written(key, form, phrase)
        for spelled in (text, text.replace("\n", "\\n"), f"\n{text}\n\n"):
            assert private_key(spelled, phrase).can_sign()


@pytest.mark.parametrize(
    ("text", "phrase", "words"),
    [
        ("", "", "cannot be read"), (f"{CANARY}", "", "cannot be read"), ("locked", "", "set passphrase"),
        ("locked", "another", "cannot be read"), ("open", CANARY, "passphrase"),
        (f"-----BEGIN OPENSSH PRIVATE KEY-----\n{CANARY}\n-----END OPENSSH PRIVATE KEY-----", "", "cannot be read"),
    ],
)  # fmt: skip
def test_a_private_key_that_cannot_be_read_is_told_without_a_word_of_it(text: str, phrase: str, words: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    made = {"locked": written(key, FORMS.PKCS8, CANARY), "open": written(key, FORMS.PKCS8, "")}
    with pytest.raises(ConfigError, match=words) as refused:
        private_key(made.get(text, text), phrase)
    assert CANARY not in repr(refused.value) and "BEGIN PRI" not in repr(refused.value)


# --- what goes wrong on the way ---------------------------------------------------------------------------------------


def test_nobody_there_is_tried_later(tmp_path: Path) -> None:
    with asyncssh_server(tmp_path) as server:
        gone = replace(server, port=closed_port())
    assert type(wrong(gone)) is TransientError
    assert failed(channel.test(connection(gone), HERE)) == ("connect", "unreachable")


@pytest.mark.parametrize("greeting", ["220 mail.example ESMTP", "SSH-2.0-x", "SSH-1.5-old", "\x00" * 3000])
def test_something_that_speaks_no_ssh_is_tried_later(tmp_path: Path, greeting: str) -> None:
    with asyncssh_server(tmp_path) as server, scripted(greeting, DISCONNECT) as port:
        assert isinstance(wrong(replace(server, port=port), timeout=SHORT), TransientError | ConfigError)


def test_a_server_that_says_nothing_is_left_in_time(tmp_path: Path) -> None:
    with asyncssh_server(tmp_path) as server, silent() as port:
        error = wrong(replace(server, port=port), timeout=SHORT)
    assert type(error) is TransientError and "1.5 s" in error.reason


def test_a_server_that_drips_is_left_in_time(tmp_path: Path) -> None:
    with asyncssh_server(tmp_path) as server, scripted("SSH-2.0-x", endlessly="\x00") as port:
        assert type(wrong(replace(server, port=port), timeout=SHORT)) is TransientError
    with asyncssh_server(tmp_path / "again") as server, scripted("welcome", endlessly="x") as port:
        assert type(wrong(replace(server, port=port), timeout=SHORT)) is TransientError


def test_an_address_inside_is_refused_unless_the_installation_allows_it(tmp_path: Path) -> None:
    with asyncssh_server(tmp_path) as server:
        outside = replace(HERE, network=GuardedNetwork())
        with pytest.raises(ConfigError, match="no public address"):
            channel.deliver(parcel(connection(server)), outside)
        assert failed(channel.test(connection(server), outside)) == ("resolve", "address_refused")


@pytest.mark.parametrize(
    ("faults", "kind"),
    [
        ({"room": 100_000}, TransientError), ({"read_only": True}, PermissionDenied),
        ({"cut_after": 200_000}, TransientError), ({"spoils": True}, TransientError), ({"slow": 0.5}, TransientError),
        ({"write_only": True}, PermissionDenied),
    ],
    ids=["full disk", "read-only", "cut off", "spoiled", "slow", "write-only"],
)  # fmt: skip
def test_what_breaks_before_the_file_has_its_name_leaves_nothing_under_it(
    tmp_path: Path, faults: dict[str, Any], kind: type[PluginError]
) -> None:
    with asyncssh_server(tmp_path, **faults) as server:
        error = wrong(
            server, replace(BIG, content=BIG.content[:2_000_000], name="a.pdf"), timeout=4 if "slow" in faults else 60
        )
    assert type(error) is kind
    assert NAME not in listed(server)


def test_a_full_disk_is_told_as_the_server_tells_it_and_the_room_is_given_back(tmp_path: Path) -> None:
    with asyncssh_server(tmp_path, room=100_000) as server:
        assert "is its disk full?" in wrong(server, replace(BIG, content=BIG.content[:2_000_000])).reason
    assert listed(server) == []


def test_a_folder_nobody_may_read_does_if_size_is_check_enough(tmp_path: Path) -> None:
    with asyncssh_server(tmp_path, write_only=True) as server:
        assert "size checked" in channel.deliver(parcel(connection(server, check="size")), HERE).detail
        assert channel.test(connection(server, check="size"), HERE).passed


def test_after_a_hand_over_that_broke_off_the_next_one_is_whole(tmp_path: Path) -> None:
    half = replace(BIG, name="a.pdf")
    with asyncssh_server(tmp_path, cut_after=3_000_000) as server:
        assert type(wrong(server, half)) is TransientError
    with asyncssh_server(tmp_path) as server:
        channel.deliver(parcel(connection(server), files=(half,)), HERE)
    assert listed(server) == [NAME] and (server.folder / NAME).read_bytes() == BIG.content


def test_cut_off_at_renaming_may_have_been_taken_and_the_next_try_finds_it(tmp_path: Path) -> None:
    with asyncssh_server(tmp_path, cut_at_rename=True) as server:
        assert type(wrong(server)) is OutcomeUnknown
        assert "there already" in channel.deliver(parcel(connection(server)), HERE).detail


def test_a_server_without_posix_rename_replaces_all_the_same(tmp_path: Path) -> None:
    with asyncssh_server(tmp_path, no_posix_rename=True) as server:
        (server.folder / NAME).write_bytes(b"other")
        channel.deliver(parcel(connection(server, overwrite=True)), HERE)
    assert listed(server) == [NAME] and (server.folder / NAME).read_bytes() == PDF.content


def test_a_folder_that_is_gone_is_a_matter_of_settings(server: SftpServer) -> None:
    assert type(wrong(server, folder="gone")) is ConfigError
    assert failed(channel.test(connection(server, folder="gone"), HERE)) == ("folder", "no_folder")
    (server.folder / "file").write_bytes(b"")
    assert failed(channel.test(connection(server, folder="file"), HERE)) == ("folder", "no_folder")


def test_openssh_that_only_reads_is_told_so(tmp_path: Path) -> None:
    with openssh(tmp_path, options="-R") as server:
        assert type(wrong(server)) is PermissionDenied
        assert failed(channel.test(connection(server), HERE)) == ("write", "not_allowed")


def test_openssh_that_dies_on_the_way_is_tried_later_and_then_found(tmp_path: Path) -> None:
    with openssh(tmp_path, more="ClientAliveInterval 1") as server:
        channel.deliver(parcel(connection(server)), HERE)
        server.stop()
    assert type(wrong(server)) is TransientError


def test_openssh_without_sftp_is_told(tmp_path: Path) -> None:
    with openssh(tmp_path, more="ForceCommand /bin/false") as server:
        error = wrong(server, timeout=40)
    assert isinstance(error, TransientError | ConfigError) and "SFTP" in error.reason


# --- what must not be told --------------------------------------------------------------------------------------------


def test_the_secrets_turn_up_nowhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    notes: list[str] = []
    context, texts = plugin_context(notes=notes), []
    caplog.set_level(0)
    with asyncssh_server(tmp_path) as server:
        locked = asyncssh.import_private_key(server.private_key).export_private_key(passphrase=CANARY).decode()
        for given in (
            {"private_key": "", "password": CANARY}, {"private_key": locked, "passphrase": CANARY},
            {"private_key": locked}, {"private_key": CANARY},
            {"private_key": "", "password": CANARY, "port": closed_port()},
        ):  # fmt: skip
            settings = connection(server, **given)
            texts += [repr(settings), settings.model_dump_json(), repr(parcel(settings))]
            texts.append(repr(channel.test(settings, context)))
            try:
                texts.append(repr(channel.deliver(parcel(settings), context)))
            except PluginError as error:
                texts += [repr(error), repr(vars(error)), repr(error.__cause__)]
    secrets = [CANARY, *(row for row in server.private_key.splitlines() if len(row) > 40), locked.splitlines()[2]]
    assert not [text for text in (*texts, *notes, caplog.text) for secret in secrets if secret in text]
