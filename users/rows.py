"""What is said about one end user, checked: the same whether a file or the platform says it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal

from gateway_project.lib.personal import Personal
from gateway_project.lib.storable import UNSTORABLE
from users.addresses import normal_email
from users.models import EXT_USER_ID_LENGTH

FIELDS = ("ext_user_id", "brand", "email", "phone")
PROPERTIES = "properties"
PHONE_LENGTH = 64
PROPERTY_NAME_LENGTH = 64
PROPERTIES_LENGTH = 16 * 1024
ESCAPED_NUL = r"\u0000"
WRITER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


class Absent(Enum):
    """Nothing is said: what is stored stays."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT
MaybeAbsent = Literal[Absent.ABSENT] | None


class BadRow(ValueError):
    """A row that is not taken. `str()` names the field and the reason, never what it held."""

    def __init__(self, text: str, field: str = "") -> None:
        super().__init__(text)
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRow:
    """ABSENT keeps, None clears; `properties` are merged, None among them removes one."""

    ext_user_id: str = field(repr=False)
    brand: str | MaybeAbsent = ABSENT
    email: Personal | MaybeAbsent = ABSENT
    phone: Personal | MaybeAbsent = ABSENT
    properties: Mapping[str, Any] | None = field(default_factory=dict, repr=False)


def row_of(record: Mapping[str, Any]) -> UserRow:
    """Checks `{"ext_user_id", "brand", "email", "phone", "properties": {...}}`; raises BadRow."""
    if not record.keys() <= {*FIELDS, PROPERTIES}:
        raise BadRow("unknown field; what is not an address or a brand belongs under properties")
    return UserRow(
        ext_user_id=_ext_user_id(record.get("ext_user_id")),
        brand=_optional_text(record, "brand"),
        email=_email(_optional_text(record, "email")),
        phone=_phone(_optional_text(record, "phone")),
        properties=_properties(record.get(PROPERTIES, {})),
    )


def _ext_user_id(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if value is None or value == "":
        raise BadRow("ext_user_id is missing", "ext_user_id")
    text = _text(value, "ext_user_id")
    if len(text) > EXT_USER_ID_LENGTH:
        raise BadRow(f"ext_user_id is longer than {EXT_USER_ID_LENGTH} characters", "ext_user_id")
    return text


def _optional_text(record: Mapping[str, Any], name: str) -> str | MaybeAbsent:
    value = record.get(name, ABSENT)
    if value is None or value is ABSENT:
        return value
    return _text(value, name).strip() or None


def _email(text: str | MaybeAbsent) -> Personal | MaybeAbsent:
    if not isinstance(text, str):
        return text
    if normal_email(text) is None:
        raise BadRow("email is not one e-mail address", "email")
    return Personal(text)


def _phone(text: str | MaybeAbsent) -> Personal | MaybeAbsent:
    if not isinstance(text, str):
        return text
    if len(text) > PHONE_LENGTH:
        raise BadRow(f"phone is longer than {PHONE_LENGTH} characters", "phone")
    return Personal(text)


def _properties(value: Any) -> Mapping[str, Any] | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise _bad_properties("is not an object")
    if not all(name and len(name) <= PROPERTY_NAME_LENGTH for name in value):
        reason = f"the name of a property is empty or over {PROPERTY_NAME_LENGTH} characters"
        raise BadRow(reason, PROPERTIES)
    try:
        whole = WRITER.encode(value)
    except (ValueError, RecursionError):
        raise _bad_properties("holds what JSON cannot") from None
    if len(whole) > PROPERTIES_LENGTH:
        raise _bad_properties(f"is longer than {PROPERTIES_LENGTH} characters")
    if UNSTORABLE.search(whole) or ESCAPED_NUL in whole:
        raise _bad_properties("holds a character that cannot be kept")
    return value


def _bad_properties(reason: str) -> BadRow:
    return BadRow(f"{PROPERTIES} {reason}", PROPERTIES)


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise BadRow(f"{name} is not a text", name)
    if UNSTORABLE.search(value):
        raise BadRow(f"{name} holds a character that cannot be kept", name)
    return value
