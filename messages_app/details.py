"""Details: what providers' reports say in words, without those whom they are about."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from gateway_project.lib.personal import Personal
from gateway_project.lib.redaction import LOOKED_AT, scrub, stands_in
from gateways.providers.base import StatusUpdate
from messages_app.models import Message
from messages_app.reported import Report

ADDRESSES = ("preview_address", "end_user__email", "end_user__phone")


def details_of(named: Sequence[tuple[Report, UUID | None]]) -> list[str]:
    """Of each report, with the message that it is about where that is known: its words without
    whom it names, and without whom the message was written to.
    """
    telling = {found for report, found in named if found is not None and report.update.detail}
    people = _addressees(telling)
    return [
        _scrubbed(report.update, people.get(found, ()) if found is not None else ())
        for report, found in named
    ]


def _addressees(message_ids: Collection[UUID]) -> Mapping[UUID, Sequence[Personal]]:
    """By message, the addresses of its user, on whatever channel, or the preview's; all sealed."""
    if not message_ids:
        return {}
    messages = Message.objects.filter(pk__in=message_ids).select_related("end_user")
    return {message.pk: _addresses(message) for message in messages.only(*ADDRESSES)}


def _addresses(message: Message) -> list[Personal]:
    user = message.end_user
    known = [message.preview_address, *((user.email, user.phone) if user is not None else ())]
    return [address for address in known if address is not None]


def _scrubbed(update: StatusUpdate, addressees: Sequence[Personal]) -> str:
    """Looking whether an address stands in it costs a hundredth of looking for what to take out."""
    told = update.detail[:LOOKED_AT]
    addresses = [*addressees, *([update.recipient] if update.recipient is not None else [])]
    return scrub(told, *(each for each in addresses if stands_in(each, told)))
