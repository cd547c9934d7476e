"""Addresses as an operator may see them: enough to recognise one, too little to use it."""

from collections.abc import Mapping
from typing import Any

import phonenumbers

from users.addresses import deliverable_email, normal_phone

STARS = "***"


def mask_email(text: str) -> str:
    """`j***@g***.com`; only stars for what is not an address."""
    whole = deliverable_email(text)
    if whole is None:
        return STARS
    local, _, domain = whole.partition("@")
    top_level = domain.rpartition(".")[2]
    return f"{local[0]}{STARS}@{domain[0]}{STARS}.{top_level}"


def mask_phone(text: str, country: object = None) -> str:
    """`+49 *** *** 21`; only stars for what is not a number."""
    number = normal_phone(text, country)
    if number is None:
        return STARS
    return f"+{phonenumbers.parse(number).country_code} {STARS} {STARS} {number[-2:]}"


def mask_text(text: str) -> str:
    """The text as it is, unless it is itself an address: an id or a property may be one."""
    if deliverable_email(text):
        return mask_email(text)
    return mask_phone(text) if normal_phone(text, None) else text


def mask_id(text: str) -> str:
    """What strangers call an id: as it is, unless it could be an address in any spelling."""
    number = f"+{text}"
    return mask_phone(number) if normal_phone(number, None) else mask_text(text)


def mask_values(value: Any) -> Any:
    """JSON with every address in it masked, names of members too."""
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, Mapping):
        return {mask_text(name): mask_values(member) for name, member in value.items()}
    return [mask_values(member) for member in value] if isinstance(value, list) else value
