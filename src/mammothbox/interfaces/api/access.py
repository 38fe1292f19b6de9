"""Who may use the server: tokens kept as hashes, and which names it answers to.

A token is random and long, so a plain SHA-256 is enough to keep; it is compared in constant time.
Knows nothing of HTTP's details; `guard` asks it.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import os
import secrets
import socket
from dataclasses import dataclass, field
from pathlib import Path

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
TOKEN_FILE = "token.sha256"  # noqa: S105 - a file's name
"""In the library's directory: the hash of the token that was made for it."""


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens on `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def hashed(token: str) -> str:
    """SHA-256 of a token, hexadecimal."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Access:
    """The rules of one server.

    Attributes:
        host: address it listens on.
        token_hash: `hashed` token that everybody must know; empty asks nobody.
        names: further names that it may be called by.
    """

    host: str = "127.0.0.1"
    token_hash: str = ""
    names: frozenset[str] = field(default_factory=frozenset)

    def knows(self, token: str) -> bool:
        """Whether this is the token; takes the same time for every wrong one."""
        return hmac.compare_digest(hashed(token), self.token_hash)

    def answers_to(self, name: str) -> bool:
        """Whether a request for the host `name` (without port) is meant for this server.

        A page elsewhere can let its own name point here; that name is then in the request.
        """
        name = name.strip("[]").lower().rstrip(".")
        if name in LOOPBACK or name == self.host.lower() or name in self.names:
            return True
        if is_loopback(self.host):
            return False
        return _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def prepare(library: Path, host: str, token: str) -> tuple[Access, str]:
    """The rules for a server on `host`, and a fresh token that its owner must be told, if any.

    Args:
        library: directory where the hash of a made token is kept.
        host: address to listen on; anywhere but loopback a token is needed.
        token: as the owner gave it, or empty.
    """
    names = frozenset() if is_loopback(host) else _own_names()
    if token:
        return Access(host, hashed(token), names), ""
    if is_loopback(host):
        return Access(host), ""
    kept = library / TOKEN_FILE
    if kept.is_file():
        return Access(host, kept.read_text(encoding="ascii").strip(), names), ""
    made = secrets.token_urlsafe(32)
    library.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(hashed(made) + "\n")
    return Access(host, hashed(made), names), made


def _own_names() -> frozenset[str]:
    name = socket.gethostname().lower()
    return frozenset({name, name.split(".")[0], f"{name.split('.')[0]}.local"})
