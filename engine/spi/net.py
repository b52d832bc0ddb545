"""Web addresses a plugin may reach: resolved once, every address checked, and connected to as checked.

Private, loopback, link-local, multicast and translated addresses are refused, so that a setting cannot point the
engine at what only the engine can see. An installation allows networks of its own by FACTOTUM_ALLOWED_NETWORKS.
Redirects are off, proxies of the environment are not used.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Any

from engine.kernel.errors import EngineError
from engine.spi.contracts.errors import ConfigError, TransientError

if TYPE_CHECKING:
    import httpx

ALLOWED = "FACTOTUM_ALLOWED_NETWORKS"
"""Networks that may be reached although they are not public, such as `127.0.0.0/8, 10.1.0.0/16`."""

Address = IPv4Address | IPv6Address
Net = IPv4Network | IPv6Network

_TRANSLATED = tuple(ip_network(one) for one in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96"))
"""IPv6 that carries an IPv4 address inside: NAT64, 6to4, Teredo, IPv4-compatible. `is_global` is true of some."""


def networks(text: str) -> tuple[Net, ...]:
    """Shape: "127.0.0.0/8, ::1" -> networks. Errors: ValueError."""
    return tuple(ip_network(one.strip()) for one in text.split(",") if one.strip())


class BadNetworks(EngineError):
    code = "bad_networks"
    says = "{name} is no list of networks: {cause}"
    remedy = "write networks with commas between them, such as 10.1.0.0/16, ::1"


def network_from(environment: Mapping[str, str]) -> GuardedNetwork:
    """The network of this installation. Errors: BadNetworks."""
    try:
        return GuardedNetwork(networks(environment.get(ALLOWED, "")))
    except ValueError as cause:
        raise BadNetworks(name=ALLOWED, cause=cause) from cause


@dataclass(frozen=True, slots=True)
class GuardedNetwork:
    """What `PluginContext.network` is."""

    allowed: tuple[Net, ...] = ()

    def http(self, *, timeout: float = 20, tls: ssl.SSLContext | None = None) -> httpx.Client:
        """A client whose every connection goes to a checked address. Close it after use."""
        import httpx

        return httpx.Client(transport=_transport(self, tls), timeout=timeout, follow_redirects=False, trust_env=False)

    def address(self, host: str, port: int) -> str:
        """The address to connect to. Errors: ConfigError when it may not be reached, TransientError when unknown."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as cause:
            raise TransientError(f"{host} is unknown: {cause}") from cause
        addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
        refused = [one for one in addresses if not self.allows(one)]
        if refused or not addresses:
            raise ConfigError(f"{host} leads to {', '.join(refused) or 'nowhere'}, which is not a public address")
        return addresses[0]

    def allows(self, address: str) -> bool:
        """Whether an address, in its usual spelling, may be connected to."""
        ip = ip_address(address.partition("%")[0])
        if isinstance(ip, IPv6Address) and ip.ipv4_mapped:
            ip = ip.ipv4_mapped
        if any(ip in one for one in self.allowed if one.version == ip.version):
            return True
        inside = isinstance(ip, IPv6Address) and any(ip in one for one in _TRANSLATED)
        return ip.is_global and not ip.is_multicast and not inside


def _transport(network: GuardedNetwork, tls: ssl.SSLContext | None) -> httpx.BaseTransport:
    import httpcore
    import httpx

    class Backend(httpcore.NetworkBackend):
        """Connects to the address that was checked, whatever the name resolves to a moment later."""

        def __init__(self) -> None:
            self._plain = httpcore.SyncBackend()

        def connect_tcp(
            self,
            host: str,
            port: int,
            timeout: float | None = None,
            local_address: str | None = None,
            socket_options: Iterable[Any] | None = None,
        ) -> httpcore.NetworkStream:
            return self._plain.connect_tcp(network.address(host, port), port, timeout, local_address, socket_options)

        def sleep(self, seconds: float) -> None:
            self._plain.sleep(seconds)

    class Stream(httpx.SyncByteStream):
        def __init__(self, inner: Iterable[bytes]) -> None:
            self._inner = inner

        def __iter__(self) -> Iterator[bytes]:
            yield from self._inner

        def close(self) -> None:
            if hasattr(self._inner, "close"):
                self._inner.close()

    class Guarded(httpx.BaseTransport):
        def __init__(self) -> None:
            context = tls or ssl.create_default_context()
            self._pool = httpcore.ConnectionPool(ssl_context=context, network_backend=Backend(), retries=0)

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            url = httpcore.URL(
                scheme=request.url.raw_scheme, host=request.url.raw_host, port=request.url.port,
                target=request.url.raw_path,
            )  # fmt: skip
            asked = httpcore.Request(
                method=request.method, url=url, headers=request.headers.raw, content=request.stream,
                extensions=request.extensions,
            )  # fmt: skip
            try:
                answer = self._pool.handle_request(asked)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as cause:
                raise TransientError(f"{request.url.host} cannot be reached: {cause}") from cause
            except httpcore.TimeoutException as cause:
                raise httpx.TimeoutException(str(cause), request=request) from cause
            except (httpcore.NetworkError, httpcore.ProtocolError) as cause:
                raise httpx.TransportError(str(cause), request=request) from cause
            return httpx.Response(
                answer.status, headers=answer.headers, stream=Stream(answer.stream),  # type: ignore[arg-type]
                extensions=answer.extensions,
            )  # fmt: skip

        def close(self) -> None:
            self._pool.close()

    return Guarded()
