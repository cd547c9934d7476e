"""Encryption at rest: a key ring for AES-256-GCM and keyed digests for look-ups.

A sealed value is text, `key id $ base64(nonce + ciphertext)`. Table, row and column are bound in as
associated data, so a value that was copied to another row or column does not open there.
"""

import base64
import hashlib
import hmac
import os
import re
from collections.abc import Mapping
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

NONCE_BYTES = 12
KEY_BYTES = 32
KEY_ID_LENGTH = 16
KEY_ID = re.compile(rf"[A-Za-z0-9_-]{{1,{KEY_ID_LENGTH}}}")


class Undecryptable(Exception):
    """A stored value that no key of the ring opens: another ring, a damaged or a moved value."""


class KeyRing:
    """Keys by id. The first one seals, every one opens."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        if not keys:
            raise ImproperlyConfigured("PII_KEYS is empty: give at least one key as id:base64.")
        self._keys = dict(keys)
        self.current = next(iter(self._keys))
        self._ciphers: dict[tuple[str, str], AESGCM] = {}

    @classmethod
    def parse(cls, text: str) -> "KeyRing":
        """Reads `id:base64,id:base64`, 32 bytes each. Never echoes what it could not read."""
        keys: dict[str, bytes] = {}
        for position, entry in enumerate(filter(None, re.split(r"[,\s]+", text)), start=1):
            key_id, _, encoded = entry.partition(":")
            try:
                key = base64.b64decode(encoded, altchars=b"-_", validate=True)
            except ValueError:
                key = b""
            if not KEY_ID.fullmatch(key_id) or len(key) != KEY_BYTES or key_id in keys:
                raise ImproperlyConfigured(
                    f"PII_KEYS, entry {position}: expected a new id, a colon, 32 bytes in base64."
                )
            keys[key_id] = key
        return cls(keys)

    @property
    def ids(self) -> tuple[str, ...]:
        """In the ring's order: the first one seals."""
        return tuple(self._keys)

    def fingerprint(self, key_id: str) -> str:
        """Tells this key from another of the same id, and nothing of its bytes."""
        purpose = f"gatehouse:fingerprint:{key_id}".encode()
        return hmac.digest(self._keys[key_id], purpose, hashlib.sha256).hex()

    def seal(self, plain: str, *, column: str, row: object) -> str:
        """Encrypts `plain` for one column of one row."""
        nonce = os.urandom(NONCE_BYTES)
        data = self._cipher(self.current, column).encrypt(
            nonce, plain.encode("utf-8", "surrogatepass"), _bound(column, row)
        )
        return f"{self.current}${base64.b64encode(nonce + data).decode()}"

    def open(self, sealed: str, *, column: str, row: object) -> str:
        """Decrypts what `seal` made for the same column and row; raises Undecryptable."""
        key_id, _, encoded = sealed.partition("$")
        if key_id not in self._keys:
            raise Undecryptable("sealed with a key that is not on the ring")
        try:
            data = base64.b64decode(encoded, validate=True)
            plain = self._cipher(key_id, column).decrypt(
                data[:NONCE_BYTES], data[NONCE_BYTES:], _bound(column, row)
            )
        except (InvalidTag, ValueError):
            raise Undecryptable("the value is damaged or belongs to another row") from None
        return plain.decode("utf-8", "surrogatepass")

    def _cipher(self, key_id: str, column: str) -> AESGCM:
        cipher = self._ciphers.get((key_id, column))
        if cipher is None:
            derived = HKDF(hashes.SHA256(), KEY_BYTES, None, f"gatehouse:{column}".encode())
            cipher = AESGCM(derived.derive(self._keys[key_id]))
            self._ciphers[key_id, column] = cipher
        return cipher

    def __repr__(self) -> str:
        return f"<KeyRing of {len(self._keys)}, current {self.current}>"


def _bound(column: str, row: object) -> bytes:
    return f"{column}:{row}".encode()


@lru_cache(maxsize=4)
def _ring_of(text: str) -> KeyRing:
    return KeyRing.parse(text)


def key_ring() -> KeyRing:
    """The ring of the settings (`PII_KEYS`)."""
    return _ring_of(settings.PII_KEYS)


@lru_cache(maxsize=64)
def _begun(purpose: str, secret: str) -> hmac.HMAC:
    """A digest with its key in it already: to copy it takes half the time of beginning anew."""
    if not secret:
        raise ImproperlyConfigured("PII_INDEX_KEY is empty: anyone could make the digests.")
    key = hmac.digest(
        secret.encode("utf-8", "surrogatepass"), f"gatehouse:{purpose}".encode(), hashlib.sha256
    )
    return hmac.new(key, digestmod=hashlib.sha256)


def index_fingerprint() -> str:
    """Tells one `PII_INDEX_KEY` from another."""
    return keyed_digest("", purpose="fingerprint")


def keyed_digest(value: bytes | str, *, purpose: str) -> str:
    """A hex digest that only this house can make: blind indexes, secrets at rest, fingerprints."""
    data = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
    digest = _begun(purpose, settings.PII_INDEX_KEY).copy()
    digest.update(data)
    return digest.hexdigest()
