"""Sealed text, with the library's own words."""

import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

NONCE = 12
_box = AESGCM(settings.PII_KEY)


def seal(text: str) -> bytes:
    nonce = os.urandom(NONCE)
    return nonce + _box.encrypt(nonce, text.encode(), None)


def unseal(sealed: bytes) -> str:
    return _box.decrypt(bytes(sealed[:NONCE]), bytes(sealed[NONCE:]), None).decode()
