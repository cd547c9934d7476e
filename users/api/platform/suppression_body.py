"""The body of the suppression pages: lists of addresses and users, and on which channel."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

from gateway_project.lib.storable import UNSTORABLE
from gateway_project.lib.vocabulary import CLOSING_REPORTS, PHONE_CHANNELS, Channel, Closing
from gateways.api.platform.bodies import check_number
from gateways.api.platform.errors import invalid
from gateways.callers import Caller
from gateways.models.audit import REASON_LENGTH
from users.closing import Meant, Problem, by_email, by_phone, by_users

MOST_ADDRESSES = 10_000
LISTS = ("emails", "phones", "ext_user_ids")
CHANNELS = (Channel.EMAIL, *(each for each in Channel if each in PHONE_CHANNELS))
REASONS = (Closing.PLATFORM, *CLOSING_REPORTS)
"""The first where none is named."""
COUNTRY_LENGTH = 2

Named = Mapping[str, list[Meant | Problem]]


def named_in(body: Mapping[str, Any], caller: Caller, *more: str) -> Named:
    """By list what its items mean, in their order. Raises PlatformError.

    E-mail addresses are on the e-mail channel whatever `channel` says; `more` are further members.
    """
    _check_members(body, more)
    channel, country = _channel(body), _country(body)
    of_phone = partial(by_phone, channel=channel or "", country=country)
    of_users = partial(by_users, caller.label.id, channel=channel or "", bound_to=caller.brand_id)
    read: Mapping[str, Callable[[list[Any]], list[Meant | Problem]]] = {
        "emails": lambda values: [by_email(value) for value in values],
        "phones": lambda values: [of_phone(value) for value in values],
        "ext_user_ids": of_users,
    }
    return {name: read[name](body[name]) for name in LISTS if name in body}


def reason_in(body: Mapping[str, Any]) -> str:
    reason = body.get("reason", REASONS[0])
    if reason not in REASONS:
        raise invalid("reason", f"one of {', '.join(REASONS)} is expected")
    return cast(str, reason)


def because_in(body: Mapping[str, Any]) -> str:
    """Why addresses are lifted, in the platform's own words; empty where it does not say."""
    text = body.get("reason", "")
    if not isinstance(text, str) or len(text) > REASON_LENGTH or UNSTORABLE.search(text):
        raise invalid("reason", f"a text of at most {REASON_LENGTH} characters is expected")
    return text


def _check_members(body: Mapping[str, Any], more: tuple[str, ...]) -> None:
    known = (*LISTS, "channel", "country", *more)
    if not body.keys() <= set(known):
        raise invalid("", f"there is an unknown field; known are {', '.join(known)}")
    if not body.keys() & set(LISTS):
        raise invalid("", f"name {', '.join(LISTS)} or several of them")
    for name in LISTS:
        if not isinstance(body.get(name, []), list):
            raise invalid(name, "an array is expected")
    check_number(sum(len(body.get(name, [])) for name in LISTS), MOST_ADDRESSES)


def _channel(body: Mapping[str, Any]) -> str | None:
    """Needed for all but e-mail addresses, and a phone number has none of them."""
    channel = body.get("channel")
    if channel is None and not {"phones", "ext_user_ids"} & body.keys():
        return None
    if channel not in CHANNELS:
        raise invalid("channel", f"one of {', '.join(CHANNELS)} is expected")
    if channel not in PHONE_CHANNELS and "phones" in body:
        raise invalid("channel", "a phone number is on no such channel")
    return cast(str, channel)


def _country(body: Mapping[str, Any]) -> str | None:
    country = body.get("country")
    if country is None:
        return None
    if isinstance(country, str) and len(country) == COUNTRY_LENGTH and country.isascii():
        return country
    raise invalid("country", "two letters such as DE are expected")
