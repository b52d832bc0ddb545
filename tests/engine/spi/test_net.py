"""The way out: what may be reached, what is refused however it is spelled, and what each failure is told as."""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Iterator
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.spi import (
    ConfigError,
    OutcomeUnknown,
    PluginError,
    Rejected,
    TlsFailed,
    TransientError,
    host_of,
    url_problem,
)
from engine.spi.hosts import BAD_PORTS
from engine.spi.net import BadNetworks, GuardedNetwork, network_from, networks
from tests.support.mailbox import closed_port, silent
from tests.support.patience import patiently
from tests.support.web import CLOSE, CUT, DRIP, HANG, RESET, Proof, WebServer, proof, says, web_server

SHORT = 0.6  # seconds, for servers that would never answer
HERE = networks("127.0.0.0/8, ::1")


def names(**known: str) -> GuardedNetwork:
    """A network whose resolver knows these names: good_example="93.184.215.14" is good.example."""

    def resolve(host: str, port: int) -> Iterable[str]:
        found = {name.replace("_", "."): value for name, value in known.items()}.get(host)
        if found is None:
            raise OSError("nobody knows it")
        return found.split()

    return GuardedNetwork(resolve=resolve)


SPELLINGS = [
    # this machine, and what is near it
    "127.0.0.1", "127.255.255.254", "0.0.0.0",  # noqa: S104
     "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255",
    "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.100.100.200", "192.0.0.192", "198.18.0.1", "255.255.255.255",
    "224.0.0.1", "239.255.255.250", "240.0.0.1", "192.88.99.1",
    # documentation
    "192.0.2.1", "198.51.100.1", "203.0.113.1", "[2001:db8::1]", "[3fff::1]",
    # decimal, octal, hex, short
    "2130706433", "0x7f000001", "0x7F.0.0.1", "0x7f.1", "0177.0.0.1", "017700000001", "127.1", "127.0.1", "0", "1",
    "00127.0.0.1", "127.0.0.01", "0xa9fea9fe", "2852039166", "0251.0376.0251.0376", "127.0.0.0x1", "4294967297",
    # dots and signs
    "127.0.0.1.", "localhost.", "metadata.google.internal.", "127。0。0。1", "127.0.0．1", "127｡0.0.1",
    "１２７.0.0.1", "①②⑦.⓪.⓪.①", "٠.٠.٠.٠", "127.0.0.1%00", "127.0.0.1 ", "example.com\t", "exa\nmple.com", "..", "",
    "-a.example", "a..example", "ex ample.com", "example.com%2f@127.0.0.1", "example.com:80", "[127.0.0.1]", "a" * 64,
    "x." * 130 + "it", "ⓔⓧⓐⓜⓟⓛⓔ.com", "a\u202eb.it", "\ud800.it",
    # IPv6
    "[::1]", "::1", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:0:127.0.0.1]", "[::127.0.0.1]",
    "[64:ff9b::7f00:1]", "[64:ff9b::169.254.169.254]", "[64:ff9b:1::1]", "[2002:7f00:1::]", "[2002:a9fe:a9fe::1]",
    "[2001::1]", "[2001:0:7f00:1::]", "[fe80::1]", "[fe80::1%eth0]", "[fe80::1%25eth0]", "[fc00::1]", "[fd00:ec2::254]",
    "[ff02::1]", "[100::1]", "[5f00::1]", "[0:0:0:0:0:0:0:1]", "[::1", "::1]", "[]", "[:::]", "[1:2:3]", "[fec0::1]",
    "[2606:4700::1111%eth0]",
    # names that lead there
    "localhost", "metadata.internal", "inner.example", "both.example", "mapped.example", "nat64.example",
    "none.example",
]  # fmt: skip
KNOWN = names(
    localhost="127.0.0.1 ::1", metadata_internal="169.254.169.254", inner_example="10.2.3.4",
    both_example="93.184.215.14 127.0.0.1", mapped_example="::ffff:10.0.0.1", nat64_example="64:ff9b::a00:1",
    none_example="", good_example="93.184.215.14",
)  # fmt: skip


@pytest.mark.parametrize("host", SPELLINGS, ids=ascii)
def test_what_is_not_public_is_refused_however_it_is_spelled(host: str) -> None:
    with pytest.raises(ConfigError):
        KNOWN.address(host, 443)


@pytest.mark.parametrize("host", ["good。example", "good．example", "good｡example"], ids=ascii)
def test_dots_of_other_scripts_are_no_dots(host: str) -> None:
    with pytest.raises(ConfigError):
        host_of(host)


@pytest.mark.parametrize("host", SPELLINGS, ids=ascii)
def test_no_request_is_made_to_it_either(host: str) -> None:
    with KNOWN.http(timeout=SHORT) as client, pytest.raises(ConfigError):
        client.post(f"https://{host}/", content=b"{}")


def test_there_are_spellings_enough() -> None:
    assert len({*SPELLINGS}) == len(SPELLINGS) >= 100


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("good.example", "93.184.215.14"), ("GOOD.example", "93.184.215.14"), ("8.8.8.8", "8.8.8.8"),
        ("[2606:4700::1111]", "2606:4700::1111"), ("2606:4700:0::1111", "2606:4700::1111"),
        ("172.32.0.1", "172.32.0.1"), ("100.128.0.1", "100.128.0.1"), ("192.167.255.255", "192.167.255.255"),
        ("[::ffff:8.8.8.8]", "::ffff:808:808"), ("223.255.255.255", "223.255.255.255"),
    ],
)  # fmt: skip
def test_what_is_public_may_be_reached(host: str, address: str) -> None:
    assert KNOWN.address(host, 443) in (address, str(IPv6Address(address)) if ":" in address else address)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost", "[::ffff:127.0.0.1]"])
def test_what_the_installation_allows_may_be_reached(host: str) -> None:
    allowed = GuardedNetwork(HERE, resolve=lambda host, port: ["127.0.0.1", "::1"])
    assert allowed.allows(allowed.address(host, 443))
    with pytest.raises(ConfigError):
        allowed.address("10.0.0.1", 443)


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "127.0.0.1.", "localhost."])
def test_an_odd_spelling_is_refused_even_of_what_is_allowed(host: str) -> None:
    with pytest.raises(ConfigError):
        GuardedNetwork(HERE).address(host, 443)


def test_an_unknown_name_is_tried_later() -> None:
    with pytest.raises(TransientError, match="nobody knows it"):
        KNOWN.address("gone.example", 443)


def test_a_name_with_accents_is_asked_for_in_ascii() -> None:
    assert host_of("Società.it") == "xn--societ-nta.it"
    assert host_of("straße.de") == "xn--strae-oqa.de"  # not strasse.de, which is somebody else's


@given(st.integers(0, 2**32 - 1))
def test_no_ipv4_address_is_let_through_that_python_calls_local(number: int) -> None:
    ip = IPv4Address(number)
    if GuardedNetwork().allows(str(ip)):
        assert not (ip.is_private or ip.is_loopback or ip.is_link_local or ip.is_multicast or ip.is_reserved)


@given(st.integers(0, 2**128 - 1))
def test_no_ipv6_address_is_let_through_that_python_calls_local(number: int) -> None:
    ip = IPv6Address(number)
    if GuardedNetwork().allows(str(ip)) and not ip.ipv4_mapped:
        assert ip.is_global and not (ip.is_multicast or ip.teredo or ip.sixtofour)


@given(st.integers(0, 2**32 - 1))
def test_a_mapped_address_is_judged_by_what_it_carries(number: int) -> None:
    ip = IPv4Address(number)
    assert GuardedNetwork().allows(f"::ffff:{ip}") == GuardedNetwork().allows(str(ip))


@given(st.text(max_size=30))
def test_any_text_as_a_host_is_an_answer_or_a_typed_error(text: str) -> None:
    with suppress(PluginError):
        assert KNOWN.allows(KNOWN.address(text, 443))


def test_the_networks_of_an_installation_are_read_or_refused_by_name() -> None:
    assert network_from({"FACTOTUM_ALLOWED_NETWORKS": "127.0.0.0/8, ::1"}).allowed == HERE
    with pytest.raises(BadNetworks, match="FACTOTUM_ALLOWED_NETWORKS"):
        network_from({"FACTOTUM_ALLOWED_NETWORKS": "127.0.0.1/8"})


# --- web addresses --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "https://erp.example.com",
        "https://erp.example.com:8443/in?x=1",
        "https://[2606:4700::1]/a",
        "https://società.it",
    ],
)
def test_a_good_web_address_has_no_problem(url: str) -> None:
    assert url_problem(url) == ""


@pytest.mark.parametrize(
    "url",
    [
        "", "erp.example.com", "//erp.example.com", "http://erp.example.com", "ftp://erp.example.com",
        "file:///etc/passwd", "gopher://x/", "https://", "https:///x", "https://a@b.example", "https://good.example@127.0.0.1/",
        "https://good.example:443@10.0.0.1/", "https://x.example:0/", "https://x.example:65536/", "https://x.example:x/",
        "https://x.example:22/", "https://x.example:25/", "https://x.example:6379/", "https://x.example/a b",
        "https://x.example/\r\nHost: y", "https://x.example\\@y.example/", "https://x.example/#a", "https://127.1/",
        "https://x.example\x00/", "https://x.example./", "https://[::1", "https://２.example.１/",
        "javascript:alert(1)",
    ],
)  # fmt: skip
def test_a_bad_web_address_has_one(url: str) -> None:
    assert url_problem(url)


def test_plain_http_is_no_problem_if_it_was_asked_for() -> None:
    assert url_problem("http://erp.example.com", plain=True) == ""


# --- requests -------------------------------------------------------------------------------------------------------


@pytest.fixture
def here() -> GuardedNetwork:
    return GuardedNetwork(HERE)


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Proof:
    return proof(tmp_path_factory.mktemp("tls"))


def client(network: GuardedNetwork, port: int, timeout: float = 20, plain: bool = True) -> httpx.Client:
    return network.http(timeout=timeout, plain=plain, ports=[port])


def test_a_request_goes_out_and_its_answer_comes_back(here: GuardedNetwork, tls: Proof) -> None:
    with (
        web_server(says(201, "taken"), tls=tls.server) as server,
        here.http(tls=tls.client, ports=[server.port]) as web,
    ):
        answer = web.post(f"{server.url}/in?a=1", content=b"{}", headers={"X-One": "1"})
    (heard,) = server.heard
    assert (answer.status_code, answer.text) == (201, "taken")
    assert (heard.method, heard.target, heard.body, heard.headers["x-one"]) == ("POST", "/in?a=1", b"{}", "1")
    assert heard.headers["accept-encoding"] == "identity"


def test_a_name_is_resolved_once_and_the_address_that_was_checked_is_connected_to(tls: Proof) -> None:
    """A resolver that tells another address the second time it is asked."""
    told: Iterator[list[str]] = iter([["127.0.0.1"], ["169.254.169.254"]])
    network = GuardedNetwork(HERE, resolve=lambda host, port: next(told))
    with web_server() as server, client(network, server.port) as web:
        assert web.get(f"http://rebinding.example:{server.port}/").status_code == 200
        assert server.heard[0].headers["host"] == f"rebinding.example:{server.port}"
    with client(network, server.port) as web, pytest.raises(ConfigError, match="169.254.169.254"):
        web.get(f"http://rebinding.example:{server.port}/")


def test_the_next_address_is_tried_when_nobody_is_at_the_first() -> None:
    network = GuardedNetwork(HERE, resolve=lambda host, port: ["127.0.0.77", "127.0.0.1"])
    with web_server() as server, client(network, server.port) as web:
        assert web.get(f"http://two.example:{server.port}/").status_code == 200


def test_a_redirect_is_an_answer_and_nothing_more(here: GuardedNetwork) -> None:
    away = says(302, location="http://169.254.169.254/latest/meta-data/")
    with web_server(away) as server, client(here, server.port) as web:
        assert web.get(server.url).status_code == 302
    assert len(server.heard) == 1


def test_followed_by_hand_it_is_refused(here: GuardedNetwork) -> None:
    with web_server(says(302, location="https://169.254.169.254/latest/")) as server, client(here, server.port) as web:
        answer = web.get(server.url)
        assert answer.next_request is not None
        with pytest.raises(ConfigError, match="169.254.169.254"):
            web.send(answer.next_request)


@pytest.mark.parametrize("plain", [False, True])
def test_plain_http_goes_only_where_it_was_asked_for_and_is_allowed(plain: bool) -> None:
    network = GuardedNetwork(resolve=lambda host, port: ["93.184.215.14"])
    with network.http(plain=plain) as web, pytest.raises(ConfigError):
        web.get("http://good.example/")


@pytest.mark.parametrize("port", [22, 25, 6379, 8080, 65535])
def test_only_ports_of_the_connection_are_used(here: GuardedNetwork, port: int) -> None:
    ports = [port] if port in BAD_PORTS else []
    with here.http(plain=True, ports=ports) as web, pytest.raises(ConfigError, match=f"port {port}"):
        web.get(f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("https://a:b@127.0.0.1/", {}), ("ftp://127.0.0.1/", {}), ("/only/a/path", {}), ("https://127.0.0.1/\r\nx", {}),
        ("https://127.0.0.1/", {"X": "a\r\nY: b"}), ("https://127.0.0.1/", {"X": "a\x00"}),
        ("https://127.0.0.1/", {"X": "a\nb"}), ("https://127.0.0.1/", {"X Y": "a"}), ("https://127.0.0.1/", {"X": "é"}),
        ("https://127.0.0.1/", {"X:": "a"}), ("https://127.0.0.1/", {"": "a"}), ("https://127.0.0.1:99999/", {}),
    ],
)  # fmt: skip
def test_a_request_that_could_be_read_as_another_is_not_made(
    here: GuardedNetwork, url: str, headers: dict[str, str]
) -> None:
    with here.http() as web, pytest.raises(ConfigError):
        web.post(url, headers=headers, content=b"x")


def test_the_environment_names_no_proxy(here: GuardedNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with web_server() as server, client(here, server.port) as web:
        assert web.get(server.url).status_code == 200


# --- what a failure is told as ----------------------------------------------------------------------------------------


def told(network: GuardedNetwork, port: int, method: str = "POST", timeout: float = 20) -> PluginError:
    with client(network, port, timeout) as web, pytest.raises(PluginError) as raised:
        web.request(method, f"http://127.0.0.1:{port}/", content=b"x" * 10 if method == "POST" else None)
    return raised.value


def test_nobody_there_is_surely_not_taken(here: GuardedNetwork) -> None:
    assert type(told(here, closed_port())) is TransientError


BROKEN = {
    "silence": HANG, "end": CLOSE, "reset": RESET, "garbage": b"\x16\x03\x01garbage\r\n\r\n",
    "cut in the head": CUT + b"HTTP/1.1 200 OK\r\ncontent-le", "cut in the body": CUT + says(200, "x" * 99)[:-40],
    "reset after half": CUT + b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab",
    "bad chunk": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nab", "drip": DRIP + says(200, "x" * 999),
    "bad length": b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n", "other protocol": b"220 mail.example ESMTP\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
    "endless head": CUT + b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 50_000, "status": b"HTTP/1.1 9999 Odd\r\n\r\n",
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_what_breaks_after_it_was_sent_may_have_been_taken(here: GuardedNetwork, name: str) -> None:
    with web_server(BROKEN[name]) as server:
        came = patiently(lambda seconds: type(told(here, server.port, timeout=seconds)), OutcomeUnknown)
    assert came is OutcomeUnknown


@pytest.mark.parametrize("name", BROKEN)
def test_what_only_asked_is_asked_again(here: GuardedNetwork, name: str) -> None:
    with web_server(BROKEN[name]) as server:
        came = patiently(lambda seconds: type(told(here, server.port, "GET", seconds)), TransientError)
    assert came is TransientError


def test_a_server_that_does_not_read_is_left_in_time(here: GuardedNetwork) -> None:
    def posted(seconds: float) -> tuple[type[PluginError], bool]:
        with silent() as port, client(here, port, seconds) as web, pytest.raises(PluginError) as raised:
            web.post(f"http://127.0.0.1:{port}/", content=b"x" * 30_000_000)
        return raised.type, "in time" in raised.value.reason

    assert patiently(posted, (OutcomeUnknown, True)) == (OutcomeUnknown, True)


def test_an_answer_given_before_the_body_was_read_is_still_an_answer(here: GuardedNetwork) -> None:
    answer = says(413, connection="close")
    may_be_overtaken = suppress(OutcomeUnknown)  # by the reset; nothing can be known then
    with web_server(unread=answer) as server, client(here, server.port) as web, may_be_overtaken:
        assert web.post(server.url, content=b"x" * 3_000_000).status_code == 413


def test_an_answer_without_end_is_cut(here: GuardedNetwork) -> None:
    with web_server(says(200, b"x" * 20_000_001)) as server, client(here, server.port) as web:
        with pytest.raises(Rejected, match="20,000,000"):
            web.get(server.url)
        with pytest.raises(OutcomeUnknown, match="20,000,000"):
            web.post(server.url)


def test_an_answer_packed_though_nobody_asked_is_not_unpacked(here: GuardedNetwork) -> None:
    with web_server(says(200, b"\x1f\x8b packed", content_encoding="gzip")) as server, client(here, server.port) as web:
        assert web.post(server.url).content == b"\x1f\x8b packed"


def test_a_stream_that_is_read_late_keeps_the_time_of_its_own_request(here: GuardedNetwork) -> None:
    with web_server(says(200, "x" * 3_000_000)) as server, client(here, server.port) as web:
        answer = web.send(web.build_request("GET", server.url), stream=True)
        server.answers(HANG)
        with pytest.raises(TransientError, match="in time"):
            web.get(server.url, timeout=SHORT)
        assert len(answer.read()) == 3_000_000


def test_an_answer_whose_body_never_comes_is_left_in_time(here: GuardedNetwork) -> None:
    def answered(seconds: float) -> bool:
        with (
            web_server(says(200, "x" * 99)[:-99]) as server,
            client(here, server.port, seconds) as web,
            pytest.raises(TransientError) as raised,
        ):
            web.send(web.build_request("GET", server.url), stream=True).read()
        return "after it had answered 200" in raised.value.reason

    assert patiently(answered, True)


# --- TLS ------------------------------------------------------------------------------------------------------------


def tls_told(network: GuardedNetwork, url: str, trusted: ssl.SSLContext | None = None) -> PluginError:
    port = int(url.rpartition(":")[2])
    with network.http(tls=trusted, ports=[port], timeout=30) as web, pytest.raises(PluginError) as raised:
        web.post(url, content=b"secret")
    return raised.value


def test_a_certificate_nobody_vouches_for_is_refused_and_nothing_is_sent(here: GuardedNetwork, tls: Proof) -> None:
    with web_server(tls=tls.server) as server:
        error = tls_told(here, server.url)
    assert type(error) is TlsFailed and "self-signed" in error.reason and server.heard == []


def test_a_certificate_for_another_name_is_refused(here: GuardedNetwork, tmp_path: Path) -> None:
    other = proof(tmp_path, "other.example")
    with web_server(tls=other.server) as server:
        error = tls_told(here, server.url, other.client)
    assert type(error) is TlsFailed and "127.0.0.1" in error.reason and server.heard == []


def test_a_certificate_that_has_run_out_is_refused(here: GuardedNetwork, tmp_path: Path) -> None:
    old = proof(tmp_path, days=1)
    with web_server(tls=old.server) as server:
        error = tls_told(here, server.url, old.client)
    assert type(error) is TlsFailed and "expired" in error.reason


def test_the_name_is_proved_and_not_the_address(tmp_path: Path) -> None:
    named = proof(tmp_path, "erp.example")
    network = GuardedNetwork(HERE, resolve=lambda host, port: ["127.0.0.1"])
    with web_server(tls=named.server) as server, network.http(tls=named.client, ports=[server.port]) as web:
        assert web.get(f"https://erp.example:{server.port}/").status_code == 200


def test_a_server_without_tls_is_told_as_such(here: GuardedNetwork) -> None:
    with web_server(behaviour=lambda heard: b"HTTP/1.1 400 Bad\r\n\r\n") as server:
        error = tls_told(here, f"https://127.0.0.1:{server.port}")
    assert isinstance(error, TransientError)
    assert not [one for one in server.heard if one.target == "/"]  # it heard the beginning of TLS, and no request


def test_a_context_that_checks_no_name_is_not_used(here: GuardedNetwork) -> None:
    blind = ssl.create_default_context()
    blind.check_hostname = False
    with pytest.raises(ConfigError, match="name"):
        here.http(tls=blind)


def test_one_client_serves_many_requests_over_one_connection(here: GuardedNetwork) -> None:
    with WebServer() as server, client(here, server.port) as web:
        assert [web.get(server.url).status_code for _ in range(5)] == [200] * 5
    assert server.connections == 1
