"""Hosts, ports and web addresses as people write them. Pure: nothing is resolved here; net.py does, and checks."""

from __future__ import annotations

import re
from collections.abc import Collection

from engine.spi.contracts.errors import ConfigError

BAD_PORTS = frozenset(
    # what browsers refuse (https://fetch.spec.whatwg.org/#port-blocking), and databases
    [1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, *range(101, 105), 109, 110,
     111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, *range(512, 516), 526, 530, 531, 532,
     540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1433, 1521, 1719, 1720, 1723, 2049, 3306, 3659, 4045,
     4190, 5060, 5061, 5432, 6000, 6379, 6566, *range(6665, 6670), 6679, 6697, 10080, 11211, 27017]
)  # fmt: skip
"""Ports that speak something else, and could be made to understand a request as theirs."""

_LABEL = r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)"
_NAME = re.compile(rf"({_LABEL}\.)*{_LABEL}")
_NUMERIC = re.compile(r"(0[xX][0-9a-fA-F]*|[0-9]+)")
_DOTS = "\u3002\uff0e\uff61"


def host_of(text: str) -> str:
    """A host as it is asked for: an ASCII name, or an address in its one usual spelling. Errors: ConfigError.

    Shape: "Società.it" -> "xn--societ-nta.it". Spellings that only some programs read as an address are refused
    (2130706433, 0x7f.1, 127.1, 0177.0.0.1, 127.0.0.1.), so that nobody reads another host than we do.
    """
    import ipaddress

    bare = text[1:-1] if text[:1] == "[" and text[-1:] == "]" else text
    if ":" in bare:
        try:
            if "%" not in bare:
                return str(ipaddress.IPv6Address(bare))
        except ValueError:
            pass
        raise ConfigError(f"{text!r} is no IPv6 address")
    name = bare if bare.isascii() else _ascii(bare)
    last = name.rpartition(".")[2]
    if _NUMERIC.fullmatch(last) and "[" not in text:
        try:
            return str(ipaddress.IPv4Address(bare))
        except ValueError:
            raise ConfigError(f"{text!r} is not how an address is written; write four decimals or a name") from None
    if bare != text or len(name) > 253 or not _NAME.fullmatch(name):
        raise ConfigError(f"{text!r} is no host name")
    return name.lower()


def _ascii(name: str) -> str:
    """Errors: ConfigError."""
    import idna

    try:
        if not any(dot in name for dot in _DOTS):
            return idna.encode(name.lower()).decode("ascii")
    except UnicodeError:
        pass
    raise ConfigError(f"{name!r} is no host name")


def url_problem(text: str, *, plain: bool = False) -> str:
    """What is wrong with a web address somebody wrote; "" when nothing is. Pure: it resolves nothing.

    `plain`: http without TLS is let through; it is only ever connected to inside networks the installation allows.
    """
    from urllib.parse import urlsplit

    try:
        if any(ord(sign) <= 0x20 or sign in "\x7f\\" for sign in text):
            return "an address holds no blank, control sign or backslash"
        parts = urlsplit(text)
        port = parts.port
        if parts.scheme not in ("https", "http"):
            return "write an address such as https://erp.example.com/documents"
        if parts.scheme == "http" and not plain:
            return (
                "write https; plain http only inside networks that FACTOTUM_ALLOWED_NETWORKS names, "
                "and only if the settings say so"
            )
        if "@" in parts.netloc:
            return "a user and a password have settings of their own; write none into the address"
        if parts.fragment:
            return "what follows a # is never sent; leave it out"
        host_of(parts.netloc.removesuffix(f":{port}") if port is not None else parts.netloc)
    except (ValueError, ConfigError) as wrong:
        return str(wrong)
    return port_problem(port) if port is not None else ""


def port_problem(port: int, of: Collection[int] = ()) -> str:
    """Why a port is no port of the web, or none of those named; "" when it is."""
    if not 1 <= port <= 65535 or port in BAD_PORTS:
        return f"port {port} is no port of the web"
    return f"port {port} is not one this connection uses" if of and port not in of else ""
