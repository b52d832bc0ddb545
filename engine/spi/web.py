"""The way out to the web: httpx over connections that are checked, timed as a whole, and told apart when they fail.

    the address, port, header or answer is none we take part in      ConfigError, before anything is sent
    unknown, refused, unreachable, no TLS                            TransientError (TlsFailed); nothing was sent
    cut off, silent or garbled after that                            OutcomeUnknown; TransientError if it only asked

Redirects are not followed, proxies of the environment not used, answers not unpacked and cut at MOST bytes.
"""

from __future__ import annotations

import re
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import httpcore
import httpx

from engine.spi.contracts.errors import ConfigError, OutcomeUnknown, Rejected, TlsFailed, TransientError
from engine.spi.hosts import port_problem

if TYPE_CHECKING:
    from engine.spi.net import GuardedNetwork

MOST = 20_000_000
"""Bytes of an answer's body."""
PIECE = 65_536
"""Bytes written before the clock is looked at again."""
_ASKS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing (RFC 9110 §9.2.1): what is cut off was surely not taken."""
_FIELD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(rb"[^\x00-\x08\x0a-\x1f\x7f]*")


def client(
    network: GuardedNetwork, timeout: float, tls: ssl.SSLContext | None, plain: bool, ports: frozenset[int]
) -> httpx.Client:
    """Errors: ConfigError."""
    if tls is not None and not (tls.check_hostname and tls.verify_mode is ssl.CERT_REQUIRED):
        raise ConfigError("a TLS context that does not check the other side's name is not used")
    transport = _Guarded(network, timeout, tls or _trusted_here(), plain, ports)
    return _Client(
        transport=transport, timeout=timeout, follow_redirects=False, trust_env=False,
        headers={"Accept-Encoding": "identity", "User-Agent": "Factotum"},
    )  # fmt: skip


@cache
def _trusted_here() -> ssl.SSLContext:
    """Whom this machine trusts, read once: it takes 30 ms, and a new authority wants a restart anyway."""
    return ssl.create_default_context()


class _Client(httpx.Client):
    def build_request(self, *given: Any, **more: Any) -> httpx.Request:
        """Errors: ConfigError, when no request can be made of it."""
        try:
            return super().build_request(*given, **more)
        except (httpx.InvalidURL, UnicodeError) as cause:
            raise ConfigError(f"no request can be made of this: {cause}") from cause


class _Turn(threading.local):
    """When the request this thread is at has to be over, by time.monotonic()."""

    end = 0.0

    def left(self, late: type[Exception]) -> float:
        seconds = self.end - time.monotonic()
        if seconds <= 0:
            raise late("the time is up")
        return seconds


class _Line(httpcore.NetworkStream):
    """A connection on which each read and write gets what is left of the request's time."""

    def __init__(self, inner: httpcore.NetworkStream, turn: _Turn) -> None:
        self._inner, self._turn = inner, turn

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._turn.left(httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), PIECE):
            self._inner.write(buffer[start : start + PIECE], self._turn.left(httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = self._turn.left(httpcore.ConnectTimeout)
        return _Line(self._inner.start_tls(ssl_context, server_hostname, left), self._turn)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    """Connects to an address that was checked, whatever the name resolves to a moment later."""

    def __init__(self, network: GuardedNetwork, turn: _Turn, inside: bool) -> None:
        self._network, self._turn, self._inside, self._plain = network, turn, inside, httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = self._network.addresses(host, port, self._inside)
        for address in addresses:
            left = self._turn.left(httpcore.ConnectTimeout)
            try:
                line = self._plain.connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if address == addresses[-1]:
                    raise
            else:
                return _Line(line, self._turn)
        raise AssertionError("no address is none at all")


class _Guarded(httpx.BaseTransport):
    def __init__(
        self, network: GuardedNetwork, timeout: float, tls: ssl.SSLContext, plain: bool, ports: frozenset[int]
    ) -> None:
        self._timeout, self._ports, self._turn = timeout, ports | {443}, _Turn()
        secure = httpcore.ConnectionPool(ssl_context=tls, network_backend=_Backend(network, self._turn, False))
        self._pools = {"https": secure}
        if plain:
            self._pools["http"] = httpcore.ConnectionPool(network_backend=_Backend(network, self._turn, True))
            self._ports |= {80}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        pool = self._checked(request)
        asked = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=request.url.raw_scheme, host=request.url.raw_host, port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw, content=request.stream,
            extensions={**request.extensions, "timeout": {}},  # _Line knows how long
        )  # fmt: skip
        given = [one for one in request.extensions.get("timeout", {}).values() if one is not None]
        self._turn.end = end = time.monotonic() + max(given, default=self._timeout)
        with _told(request):
            answer = pool.handle_request(asked)
        headers = [(name, value) for name, value in answer.headers if name.lower() != b"content-encoding"]
        body = _Body(answer, request, self._turn, end)
        return httpx.Response(answer.status, headers=headers, stream=body, extensions=answer.extensions)

    def _checked(self, request: httpx.Request) -> httpcore.ConnectionPool:
        """Errors: ConfigError."""
        url = request.url
        if url.scheme not in self._pools:
            hint = ", unless the connection asks for plain http" if url.scheme == "http" else ""
            raise ConfigError(f"{url.scheme or 'no scheme'} is not used: only https{hint}")
        if url.userinfo:
            raise ConfigError("a user or password in a web address is not used")
        port = url.port or (80 if url.scheme == "http" else 443)
        if wrong := port_problem(port, self._ports):
            raise ConfigError(f"{url.host}: {wrong}")
        for name, value in request.headers.raw:
            if not _FIELD.fullmatch(name) or not _VALUE.fullmatch(value):
                raise ConfigError(f"header {name.decode('ascii', 'replace')!r} holds a sign no header may hold")
        return self._pools[url.scheme]

    def close(self) -> None:
        for pool in self._pools.values():
            pool.close()


class _Body(httpx.SyncByteStream):
    """An answer's body, as it came over the line, MOST bytes of it."""

    def __init__(self, answer: httpcore.Response, request: httpx.Request, turn: _Turn, end: float) -> None:
        self._answer, self._request, self._turn, self._end = answer, request, turn, end

    def __iter__(self) -> Iterator[bytes]:
        held, pieces = 0, iter(self._answer.iter_stream())
        while True:
            self._turn.end = self._end
            with _told(self._request, f"after it had answered {self._answer.status}"):
                piece = next(pieces, None)
            if piece is None:
                return
            held += len(piece)
            if held > MOST:
                words = f"{self._request.url.host} answered {self._answer.status} with more than {MOST:,} bytes"
                raise Rejected(words) if self._request.method in _ASKS else OutcomeUnknown(words)
            yield piece

    def close(self) -> None:
        self._answer.close()


@contextmanager
def _told(request: httpx.Request, when: str = "") -> Iterator[None]:
    """What httpcore raises, in our classes."""
    try:
        yield
    except (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout) as cause:
        if tls := _found(cause, ssl.SSLError):
            words = getattr(tls, "verify_message", "") or getattr(tls, "reason", "") or "no TLS"
            raise TlsFailed(f"{request.url.host} did not prove its name: {words}") from cause
        words = "nobody answers in time" if isinstance(cause, httpcore.TimeoutException) else str(cause)
        raise TransientError(f"{request.url.host} cannot be reached: {words}") from cause
    except httpcore.TimeoutException as cause:
        raise _cut(request, f"was not done in time {when}") from cause
    except (httpcore.NetworkError, httpcore.ProtocolError) as cause:
        raise _cut(request, f"broke off {when}: {cause}") from cause


def _cut(request: httpx.Request, words: str) -> TransientError | OutcomeUnknown:
    kind = TransientError if request.method in _ASKS else OutcomeUnknown
    return kind(" ".join(f"{request.url.host} {words}".split()).replace(" :", ":"))


def _found(error: BaseException | None, kind: type[BaseException]) -> BaseException | None:
    """The first of a kind among an error and its causes."""
    while error is not None and not isinstance(error, kind):
        error = error.__cause__ or error.__context__
    return error
