"""Addresses: as they are written to, as they are compared, and their blind indexes."""

import re

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, ValidationResult

from gateway_project.lib.crypto import keyed_digest
from gateway_project.lib.mailbox import parse_address
from gateway_project.lib.vocabulary import Channel
from users.plain_numbers import is_plain

PHONE_CHARACTERS = re.compile(r"[+＋]?[\d\s().\-‐-―/]+")
NO_DIGIT = re.compile(r"\D")
PLUS_SIGNS = ("+", "＋")
INTERNATIONAL_PREFIX = "00"
COUNTRY_ALIASES = {"UK": "GB", "EL": "GR"}


def deliverable_email(text: str) -> str | None:
    """The address as it is written to: its domain as ASCII; None if it is not exactly one."""
    try:
        return parse_address(text.strip())
    except ValueError:
        return None


def normal_email(text: str) -> str | None:
    """The address as it is compared: in lower case."""
    address = deliverable_email(text)
    return None if address is None else address.lower()


def normal_phone(text: str, country: object) -> str | None:
    """The number as E.164; None if it is none that can be called from abroad.

    A number without its country code is read with the user's `country`, ISO 3166-1 alpha-2.
    """
    number = text.strip()
    if is_plain(number):
        return number
    if not PHONE_CHARACTERS.fullmatch(number):
        return None
    readings = [found for found in _readings(number, _region(country)) if _is_possible(found)]
    if not readings:
        return None
    likeliest = readings[0]
    if len(readings) > 1:
        likeliest = next(filter(phonenumbers.is_valid_number, readings), likeliest)
    return phonenumbers.format_number(likeliest, PhoneNumberFormat.E164)


def email_index(text: str) -> str | None:
    """The blind index of an e-mail address; None if it is not one."""
    normal = normal_email(text)
    return None if normal is None else keyed_digest(normal, purpose="address:email")


def phone_index(text: str, country: object = None) -> str | None:
    """The blind index of a phone number; None if it is none."""
    normal = normal_phone(text, country)
    return None if normal is None else keyed_digest(normal, purpose="address:phone")


def _region(country: object) -> str | None:
    if not isinstance(country, str):
        return None
    code = country.strip().upper()
    return COUNTRY_ALIASES.get(code, code)


def _readings(text: str, region: str | None) -> list[PhoneNumber]:
    """As it stands, and as a number whose plus was left out or written as 00; likelier first."""
    as_it_stands = _parsed(text, region)
    if text.startswith(INTERNATIONAL_PREFIX):
        return as_it_stands + _parsed(f"+{text.removeprefix(INTERNATIONAL_PREFIX)}", None)
    if region is None or text.startswith(PLUS_SIGNS):
        return as_it_stands
    code = str(phonenumbers.country_code_for_region(region))
    if not NO_DIGIT.sub("", text).startswith(code):
        return as_it_stands
    with_plus = _parsed(f"+{text}", None)
    trunk = phonenumbers.ndd_prefix_for_region(region, True)
    if trunk and not text.startswith(trunk):
        return with_plus + as_it_stands
    return as_it_stands + with_plus


def _parsed(text: str, region: str | None) -> list[PhoneNumber]:
    try:
        return [phonenumbers.parse(text, region)]
    except phonenumbers.NumberParseException:
        return []


def _is_possible(number: PhoneNumber) -> bool:
    """Long enough and not too long, its area code included."""
    reason = phonenumbers.is_possible_number_with_reason(number)
    return bool(reason == ValidationResult.IS_POSSIBLE)


def index_column(channel: str) -> str:
    """The column of an end user that holds the blind index of their address on the channel."""
    return "email_index" if channel == Channel.EMAIL else "phone_index"
