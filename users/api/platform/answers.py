"""A user as the platform reads it back: addresses with masks, and what is closed to them."""

from collections.abc import Sequence
from typing import Any

from gateway_project.lib.crypto import Undecryptable
from gateway_project.lib.personal import Personal
from gateway_project.lib.vocabulary import PHONE_CHANNELS, Channel
from users.masking import STARS, mask_email, mask_phone, mask_values
from users.models import EndUser, Suppression
from users.suppressions import suppressions_of

CHANNELS = tuple(each for each in Channel if each == Channel.EMAIL or each in PHONE_CHANNELS)
"""Those that need an address."""


def users_json(users: Sequence[EndUser]) -> list[dict[str, Any]]:
    """Each user with its brand, which the caller has joined. One more query for them all."""
    closed = suppressions_of(users)
    return [_user_json(user, closed) for user in users]


def _user_json(user: EndUser, closed: dict[tuple[int, str, str], Suppression]) -> dict[str, Any]:
    return {
        "ext_user_id": user.ext_user_id,
        "brand": user.brand.slug if user.brand else None,
        "email": _masked(user.email, mask_email),
        "phone": _masked(user.phone, mask_phone, user.properties.get("country")),
        "properties": mask_values(user.properties),
        "channels": {channel.value: _channel_json(user, channel, closed) for channel in CHANNELS},
        "created_at": user.created_at,
        "updated_at": user.updated_at,
    }


def _masked(address: Personal | None, mask: Any, *context: Any) -> str | None:
    if address is None:
        return None
    try:
        masked: str = mask(address.reveal(), *context)
    except Undecryptable:
        return STARS
    return masked


def _channel_json(
    user: EndUser, channel: Channel, closed: dict[tuple[int, str, str], Suppression]
) -> dict[str, Any]:
    index = user.address_index(channel)
    suppression = closed.get((user.label_id, channel, index)) if index else None
    told = {"reason": suppression.reason, "since": suppression.created_at} if suppression else None
    return {"has_address": index is not None, "suppressed": told}
