"""Reading single fields of a request: what is taken, what is refused, what is mended."""

import re
from collections.abc import Mapping
from typing import Any

from gateway_project.lib.mailbox import CONTROL, parse_mailbox
from gateway_project.lib.protocol import ErrorCode, Refused
from gateway_project.lib.storable import UNSTORABLE
from gateway_project.lib.vocabulary import Channel

ID_LENGTH = 255
REPLY_TO = "reply_to_email_address"
HEADER_LENGTH = 998
"""The longest line of a mail header (RFC 5322, 2.1.1)."""
SURROGATE = re.compile(r"[\ud800-\udfff]")
NUL_NOTE = "NUL characters were removed"
SURROGATE_NOTE = "characters that UTF-8 cannot hold were replaced"


def invalid(name: str, why: str) -> Refused:
    """A refusal that names the field and never shows what it held."""
    return Refused(ErrorCode.FIELD_INVALID, f"{name} {why}")


def sender_field(channel: Channel) -> str:
    """Where a request names its sender."""
    return "from_email_address" if channel == Channel.EMAIL else "from_number"


def required_id(body: Mapping[str, Any], name: str) -> str:
    """A non-empty id. Numbers are not ids; `user_id` knows the one exception."""
    value = body.get(name)
    if value is None or value == "":
        raise invalid(name, "is missing")
    if not isinstance(value, str):
        raise invalid(name, "must be a string")
    if len(value) > ID_LENGTH:
        raise invalid(name, f"is longer than {ID_LENGTH} characters")
    if UNSTORABLE.search(value):
        raise invalid(name, "holds characters that no id may have")
    return value


def user_id(body: Mapping[str, Any]) -> str:
    """`ext_user_id`, taken exactly as it is; a whole number is taken as its text form."""
    value = body.get("ext_user_id")
    if isinstance(value, int) and not isinstance(value, bool):
        body = {"ext_user_id": str(value)}
    return required_id(body, "ext_user_id")


def text(body: Mapping[str, Any], name: str) -> str:
    """A text of any length; absent, null and empty are alike."""
    value = body.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise invalid(name, "must be a string")
    return value


def has_text(body: Mapping[str, Any], name: str) -> bool:
    """Whether the text is there, and still is once it has been mended."""
    return bool(text(body, name).strip("\x00"))


def header(body: Mapping[str, Any], name: str) -> str:
    """A text for a header line: without line breaks and other control characters."""
    value = text(body, name)
    if CONTROL.search(value):
        raise invalid(name, "holds line breaks or control characters")
    if len(value) > HEADER_LENGTH:
        raise invalid(name, f"is longer than {HEADER_LENGTH} characters")
    return value


def mailbox(body: Mapping[str, Any], name: str) -> str:
    """Exactly one well-formed mailbox, with a name or without; absent is empty."""
    value = header(body, name)
    if value:
        try:
            parse_mailbox(value)
        except ValueError:
            raise invalid(name, "must be exactly one well-formed mailbox") from None
    return value


def mended(value: Any, notes: set[str]) -> Any:
    """The JSON value with texts that can be stored and sent; what was changed is noted.

    Names are not mended but refused: one that becomes another field's would replace it unchecked.
    """
    if isinstance(value, str):
        return _mended_text(value, notes)
    if isinstance(value, list):
        return [mended(item, notes) for item in value]
    if isinstance(value, dict):
        if any(map(UNSTORABLE.search, value)):
            raise invalid("a field's name", "holds characters that no name may have")
        return {name: mended(item, notes) for name, item in value.items()}
    return value


def _mended_text(value: str, notes: set[str]) -> str:
    if "\x00" in value:
        notes.add(NUL_NOTE)
        value = value.replace("\x00", "")
    if SURROGATE.search(value):
        notes.add(SURROGATE_NOTE)
        value = SURROGATE.sub("\ufffd", value)
    return value
