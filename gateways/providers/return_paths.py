"""Return paths of our own: the envelope sender that names the message (VERP).

`bounces@domain` becomes `bounces+<token>@domain`, where the token is the message's id and a keyed
digest of it in base32, which survives servers that change the case of a local part. A bounce that
comes back to it is about that message, whatever else stands in it.
"""

import hmac
import re
from base64 import b32decode, b32encode
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError

from gateway_project.lib.crypto import keyed_digest
from gateway_project.lib.identifiers import read_id
from gateway_project.lib.mailbox import parse_address

PROOF_BYTES = 10
TOKEN_LENGTH = 42
LONGEST_LOCAL = 64 - TOKEN_LENGTH - len("+")
"""What is left of a local part (RFC 5321, 4.5.3.1.1)."""
RETURN_PATH = re.compile(rf"\+([a-z2-7]{{{TOKEN_LENGTH}}})@", re.IGNORECASE)
RETURN_ADDRESS_HELP = (
    "Where undeliverable mails come back to, such as bounces@example.com. Each mail gets its own "
    "form of it, bounces+<token>@example.com: the mail server has to take those too. Empty: they "
    "come back to the From."
)


class Forged(ValueError):
    """A token in our form that is none of ours."""


class ReturnAddressField(forms.CharField):
    """An address whose local part leaves room for a token; "" for none."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        kwargs.setdefault("label", "Return address")
        kwargs.setdefault("help_text", RETURN_ADDRESS_HELP)
        super().__init__(**kwargs)

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        try:
            address = parse_address(text) if text else ""
        except ValueError:
            raise ValidationError("One plain address is expected.") from None
        local = address.partition("@")[0]
        if "+" in local or len(local) > LONGEST_LOCAL:
            raise ValidationError(
                f"Before the @ at most {LONGEST_LOCAL} characters are possible, and no plus."
            )
        return address


def return_path(bounce_address: str, message_id: str) -> str:
    """The envelope sender of that message; the bare address where the id is none of ours."""
    own_id = read_id(message_id)
    if own_id is None:
        return bounce_address
    token = b32encode(own_id.bytes + _proof(own_id)).decode().rstrip("=").lower()
    local, _, domain = bounce_address.rpartition("@")
    return f"{local}+{token}@{domain}"


def message_id_in(text: str) -> str | None:
    """The id of the message that a return path in the text names; None where there is none.

    Raises Forged for one that this house has not made.
    """
    found = RETURN_PATH.search(text)
    if found is None:
        return None
    token = found[1].upper()
    told = b32decode(token + "=" * (-TOKEN_LENGTH % 8))
    own_id = UUID(bytes=told[:16])
    if not hmac.compare_digest(told[16:], _proof(own_id)):
        raise Forged("a return path that is not ours")
    return str(own_id)


def _proof(own_id: UUID) -> bytes:
    return bytes.fromhex(keyed_digest(own_id.bytes, purpose="return-path"))[:PROOF_BYTES]
