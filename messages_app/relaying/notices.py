"""Notices: that an address was closed or opened on a channel, told by the ids of those who have it.

A notice never holds the address. It is kept beside, for the check of what leaves.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway_project.lib.personal import Personal
from gateway_project.lib.redaction import stands_in
from messages_app.models import Relay
from messages_app.relaying.listener import NotNeeded
from users.addresses import index_column
from users.models import EndUser

MOST_NAMED = 100
"""Of those who share one address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """`ext_user_ids` are the platform's own. `unnamed` counts further users who have the address:
    those beyond the first hundred, and those whose id holds the very address.
    """

    channel: str
    reason: str
    happened_at: str
    ext_user_ids: tuple[str, ...] = field(repr=False)
    brands: Mapping[str, str] = field(default_factory=dict, repr=False)
    unnamed: int = 0
    addresses: tuple[Personal, ...] = field(default=(), repr=False)


def notice_of(relay: Relay) -> Notice:
    """As it stands at this moment. Raises NotNeeded, or Undecryptable."""
    told: Mapping[str, Any] = relay.payload.reveal()
    users = EndUser.objects.filter(
        label=relay.label_id, **{index_column(told["channel"]): told["index"]}
    )
    named = list(users.select_related("brand").order_by("ext_user_id")[:MOST_NAMED])
    if not named:
        raise NotNeeded("nobody has this address any more")
    addresses = {address for user in named if (address := user.address(told["channel"]))}
    may_be_named = [
        user
        for user in named
        if not any(stands_in(address, user.ext_user_id) for address in addresses)
    ]
    count = len(named) if len(named) < MOST_NAMED else users.count()
    return Notice(
        channel=told["channel"],
        reason=told["reason"],
        happened_at=told["at"],
        ext_user_ids=tuple(user.ext_user_id for user in may_be_named),
        brands={user.ext_user_id: user.brand.slug for user in may_be_named if user.brand},
        unnamed=count - len(may_be_named),
        addresses=tuple(addresses),
    )
