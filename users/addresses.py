"""Addresses in their normal form: what is written to, compared and indexed."""

from email.errors import HeaderParseError
from email.headerregistry import Address

import phonenumbers

EMAIL_LENGTH = 254


def normal_email(text: str) -> str | None:
    """The address with its domain as ASCII and everything in lower case; None if it is not one."""
    local, at, domain = text.strip().rpartition("@")
    try:
        ascii_domain = domain.encode("idna").decode() if not domain.isascii() else domain
        Address(addr_spec=f"{local}@{ascii_domain}")
    except (UnicodeError, ValueError, HeaderParseError, IndexError):
        return None
    whole = f"{local}@{ascii_domain}".lower()
    if not at or not local or "." not in ascii_domain or len(whole) > EMAIL_LENGTH:
        return None
    return whole


def normal_phone(text: str, country: str | None) -> str | None:
    """The number as E.164, read with the user's country (ISO 3166-1 alpha-2); None if it is none."""
    region = country.strip().upper() if isinstance(country, str) else None
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
