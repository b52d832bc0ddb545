"""Addresses a plugin may reach: resolved once, every one checked, and connected to as checked.

Private, loopback, link-local, multicast, documentation and translated addresses are refused, so that a setting cannot
point the engine at what only the engine can see. An installation allows networks of its own by
FACTOTUM_ALLOWED_NETWORKS. The web itself is in web.py.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

from engine.kernel.errors import EngineError
from engine.spi.contracts.errors import ConfigError, TransientError
from engine.spi.hosts import host_of

if TYPE_CHECKING:
    import ssl

    import httpx

ALLOWED = "FACTOTUM_ALLOWED_NETWORKS"
"""Networks that may be reached although they are not public, such as `127.0.0.0/8, 10.1.0.0/16`."""

Address = IPv4Address | IPv6Address
Net = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Iterable[str]]


def networks(text: str) -> tuple[Net, ...]:
    """Shape: "127.0.0.0/8, ::1" -> networks. Errors: ValueError."""
    return tuple(ip_network(one.strip()) for one in text.split(",") if one.strip())


_PUBLIC6 = ip_network("2000::/3")
_NOT_PUBLIC = networks(
    # the IANA special-purpose registries; IPv6 outside 2000::/3 is refused as a whole, NAT64 (64:ff9b::/96) with it
    "0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12, 192.0.0.0/24, 192.0.2.0/24,"
    "192.88.99.0/24, 192.168.0.0/16, 198.18.0.0/15, 198.51.100.0/24, 203.0.113.0/24, 224.0.0.0/3,"
    "2001::/23, 2001:db8::/32, 2002::/16, 3fff::/20"  # Teredo and other protocols, documentation, 6to4
)
"""Written out: what `ipaddress` calls global differs by Python's version, and some of it carries other addresses."""


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


def system_resolver(host: str, port: int) -> list[str]:
    """Errors: OSError, UnicodeError."""
    return [str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@dataclass(frozen=True, slots=True)
class GuardedNetwork:
    """What `PluginContext.network` is."""

    allowed: tuple[Net, ...] = ()
    resolve: Resolve = system_resolver

    def http(
        self, *, timeout: float = 20, tls: ssl.SSLContext | None = None, plain: bool = False, ports: Iterable[int] = ()
    ) -> httpx.Client:
        """A client whose every connection goes to a checked address; see Network.http. Errors: ConfigError."""
        from engine.spi.web import client

        return client(self, timeout, tls, plain, frozenset(ports))

    def address(self, host: str, port: int) -> str:
        """The address to connect to. Errors: ConfigError when it may not be reached, TransientError when unknown."""
        return self.addresses(host, port)[0]

    def addresses(self, host: str, port: int, inside: bool = False) -> tuple[str, ...]:
        """All of them, in the order the system prefers; `inside`: only networks the installation allows will do.

        One that may not be reached refuses the host as a whole. Errors: as `address`.
        """
        if not 1 <= port <= 65535:
            raise ConfigError(f"{port} is no port")
        name = host_of(host)
        try:
            found = [name] if _is_address(name) else list(dict.fromkeys(self.resolve(name, port)))
        except (OSError, UnicodeError) as cause:
            raise TransientError(f"{name} is unknown: {cause}") from cause
        fits = self.is_inside if inside else self.allows
        refused = [one for one in found if not fits(one)]
        if refused or not found:
            what = "no network that is allowed here" if inside else "no public address"
            raise ConfigError(f"{name} leads to {', '.join(refused) or 'nowhere'}, which is {what}{_way_out(refused)}")
        return tuple(found)

    def allows(self, address: str) -> bool:
        """Whether an address, in its usual spelling, may be connected to."""
        return self.is_inside(address) or _is_public(_plain(address))

    def is_inside(self, address: str) -> bool:
        """Whether it is in a network the installation allows."""
        ip = _plain(address)
        return any(ip in one for one in self.allowed if one.version == ip.version)


def _way_out(refused: Iterable[str]) -> str:
    """How an installation allows addresses of its own house; none for what belongs to the machine it runs on."""
    plain = [_plain(one) for one in refused]
    if not plain or any(one.is_link_local or one.is_unspecified or not one.is_private for one in plain):
        return ""
    return f"; who runs this may allow it: {ALLOWED}={','.join(str(ip_network(one)) for one in plain)}"


def _plain(address: str) -> Address:
    ip = ip_address(address.partition("%")[0])
    return ip.ipv4_mapped or ip if isinstance(ip, IPv6Address) else ip


def _is_public(ip: Address) -> bool:
    inside = ip in _PUBLIC6 if ip.version == 6 else True
    return inside and not any(ip in one for one in _NOT_PUBLIC if one.version == ip.version)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
