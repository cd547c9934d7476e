"""What may stop a message before a gateway is chosen for it, in the order of the checks."""

import logging
from collections.abc import Callable
from functools import partial

from gateway_project.lib.crypto import Undecryptable
from gateway_project.lib.fields import opens
from gateway_project.lib.personal import Personal
from gateway_project.lib.protocol import ErrorCode, Refused
from gateway_project.lib.vocabulary import Channel
from gateways.values import LabelValues
from users.models import EndUser
from users.suppressions import is_suppressed

logger = logging.getLogger(__name__)


def check_not_paused(label: LabelValues, brand_id: int | None) -> None:
    """Raises Refused where the label or the brand is paused."""
    brand = label.brands.get(brand_id) if brand_id else None
    if label.is_paused or (brand is not None and brand.is_paused):
        raise Refused(ErrorCode.PAUSED)


def checked_address(
    user: EndUser, channel: Channel, *, is_closed: bool | None = None
) -> Personal | None:
    """The user's address on the channel: it is there, opens, and is not suppressed, which
    `is_closed` says where that is known already.

    None for Custom IM, which needs none. Raises Refused.
    """
    if not opens(user.sealed_properties):
        logger.error("the properties of end user %s cannot be decrypted", user.pk)
        raise Refused(ErrorCode.UNAVAILABLE)
    if channel == Channel.CUSTOM_IM:
        return None
    try:
        address = user.address(channel)
    except Undecryptable:
        logger.error("the address of end user %s cannot be decrypted", user.pk)
        raise Refused(ErrorCode.UNAVAILABLE) from None
    index = user.address_index(channel)
    if address is None or index is None:
        raise Refused(ErrorCode.NO_ADDRESS)
    if is_suppressed(user.label_id, channel, index) if is_closed is None else is_closed:
        raise Refused(ErrorCode.SUPPRESSED)
    return address


def hurdles(
    label: LabelValues, channel: Channel, user: EndUser | None, brand_id: int | None
) -> list[Refused]:
    """All that stops a message to this user, the first first; a preview has no user."""
    checks: list[Callable[[], object]] = [partial(check_not_paused, label, brand_id)]
    if user is not None:
        checks.append(partial(checked_address, user, channel))
    return [refusal for check in checks if (refusal := _refusal(check))]


def _refusal(check: Callable[[], object]) -> Refused | None:
    try:
        check()
    except Refused as refusal:
        return refusal
    return None
