"""Web servers on this machine that answer as told, well or badly, with TLS or without."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from socket import SHUT_RDWR, SO_LINGER, SOL_SOCKET, create_server, socket

HANG = b"\x00hang"  # never answer
CLOSE = b"\x00close"  # end the connection without a word
RESET = b"\x00reset"  # end it with a TCP reset
CUT = b"\x00cut"  # what follows is sent, and then the connection ends
DRIP = b"\x00drip"  # what follows is sent a byte at a time, with pauses, for as long as anybody listens


@dataclass(frozen=True, slots=True)
class Heard:
    """A request as the server got it; header names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


Behaviour = Callable[[Heard], bytes]


def says(status: int = 200, body: bytes | str = b"", **headers: str) -> bytes:
    """A whole answer; `retry_after="5"` is header retry-after."""
    content = body.encode() if isinstance(body, str) else body
    told = {name.replace("_", "-"): value for name, value in headers.items()} | {"content-length": str(len(content))}
    head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"HTTP/1.1 {status} Told\r\n{head}\r\n".encode("latin-1") + content


@dataclass
class WebServer:
    """`behaviour` answers each request, and may be changed on the way. `unread` answers before the body is read."""

    behaviour: Behaviour = field(default=lambda heard: says())
    tls: ssl.SSLContext | None = None
    unread: bytes = b""
    heard: list[Heard] = field(default_factory=list)
    port: int = 0
    connections: int = 0

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def answers(self, *those: bytes) -> None:
        """Each in turn, the last one for ever."""
        left = list(those)
        self.behaviour = lambda heard: left.pop(0) if len(left) > 1 else left[0]

    def __enter__(self) -> WebServer:
        self._over, self._lines = threading.Event(), list[socket]()
        self._listener = create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._threads = [threading.Thread(target=self._listen, daemon=True)]
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Nobody listens any more."""
        self._over.set()
        with suppress(OSError):
            self._listener.shutdown(SHUT_RDWR)
        self._listener.close()
        for line in self._lines:
            with suppress(OSError):
                line.shutdown(SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)

    def _listen(self) -> None:
        while not self._over.is_set():
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._lines.append(line)
            thread = threading.Thread(target=self._serve, args=(line,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, line: socket) -> None:
        with suppress(OSError, ValueError), line:
            talk = self.tls.wrap_socket(line, server_side=True) if self.tls else line
            with talk, talk.makefile("rb") as reading:
                while heard := self._read(talk, reading):
                    self.heard.append(heard)
                    if not self._say(talk, self.behaviour(heard)):
                        return

    def _read(self, talk: socket, reading) -> Heard | None:  # type: ignore[no-untyped-def]
        first = reading.readline().decode("latin-1").split()
        if len(first) != 3:
            return None
        headers = {}
        while (row := reading.readline().decode("latin-1").strip()) != "":
            name, _, value = row.partition(":")
            headers[name.strip().lower()] = value.strip()
        if self.unread:
            self._say(talk, self.unread)
            return None
        if headers.get("transfer-encoding") == "chunked":
            body = b""
            while size := int(reading.readline(), 16):
                body += reading.read(size)
                reading.readline()
            reading.readline()
        else:
            body = reading.read(int(headers.get("content-length", 0)))
        return Heard(first[0], first[1], headers, body)

    def _say(self, talk: socket, answer: bytes) -> bool:
        """Whether the connection goes on."""
        if answer == HANG:
            self._over.wait()
        elif answer == RESET:
            talk.setsockopt(SOL_SOCKET, SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        elif answer.startswith(DRIP):
            for sign in answer[len(DRIP) :]:
                talk.sendall(bytes([sign]))
                if self._over.wait(0.05):
                    break
        elif answer.startswith(CUT):
            talk.sendall(answer[len(CUT) :])
        elif answer != CLOSE:
            talk.sendall(answer)
            return answer.startswith(b"HTTP/1.1") and b"close" not in answer.partition(b"\r\n\r\n")[0]
        return False


@contextmanager
def web_server(behaviour: Behaviour | bytes = says(), **more: object) -> Iterator[WebServer]:  # noqa: B008 - bytes
    with WebServer(**more) as server:  # type: ignore[arg-type]
        if isinstance(behaviour, bytes):
            server.answers(behaviour)
        else:
            server.behaviour = behaviour
        yield server


@dataclass(frozen=True, slots=True)
class Proof:
    """A server's side of TLS, and that of a client who trusts it."""

    server: ssl.SSLContext
    client: ssl.SSLContext


def proof(folder: Path, name: str = "127.0.0.1", at: datetime = datetime(2026, 1, 1), days: int = 36500) -> Proof:  # noqa: B008, DTZ001 - a plain date
    """A self-signed certificate for a name or an address; `at` and `days` say when it is good."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    try:
        called: x509.GeneralName = x509.IPAddress(ip_address(name))
    except ValueError:
        called = x509.DNSName(name)
    key, who = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(at)
        .not_valid_after(at + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([called]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret, shown = folder / f"{name}.key", folder / f"{name}.pem"
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )  # fmt: skip
    shown.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(shown, secret)
    return Proof(server, ssl.create_default_context(cafile=str(shown)))
