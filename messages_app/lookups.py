"""Messages as the platform asks for them: by ids, or one after the other as they were accepted."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from gateway_project.lib.identifiers import first_id, read_id
from gateway_project.lib.storable import UNSTORABLE
from gateway_project.lib.vocabulary import Channel
from gateways.callers import Caller
from messages_app.models import UID_LENGTH, Message, SendAttempt, StatusEvent
from messages_app.repeats import uid_key


def visible_to(caller: Caller) -> "QuerySet[Message]":
    """The label's messages, or those of the brand that the key is bound to. Not what was sent by
    hand to try a gateway."""
    messages = Message.objects.filter(label=caller.label.id, is_test=False)
    if caller.brand_id is not None:
        messages = messages.filter(brand=caller.brand_id)
    return messages.select_related("end_user").defer("content", *END_USERS_ADDRESSES)


END_USERS_ADDRESSES = ("end_user__email", "end_user__phone", "end_user__sealed_properties")


def named(caller: Caller, ids: Collection[str]) -> dict[str, list[Message]]:
    """By each id the messages that have it: one by ours, one on each channel by Smartico's uid.

    Previews are known by our id only: their uids repeat.
    """
    by_pk = {text: pk for text in ids if (pk := read_id(text))}
    uids = [text for text in ids if 0 < len(text) <= UID_LENGTH and not UNSTORABLE.search(text)]
    messages = visible_to(caller)
    found: defaultdict[str, list[Message]] = defaultdict(list)
    rows = {row.pk: row for row in messages.filter(pk__in=by_pk.values())}
    for text, pk in by_pk.items():
        if pk in rows:
            found[text].append(rows[pk])
    known = {"channel__in": Channel.values, "repeat_key__in": list(map(uid_key, uids))}
    for row in messages.filter(**known, activity_type="").order_by("pk"):
        found[row.uid].append(row)
    return found


def in_order(
    caller: Caller, chosen: Q, *, since: datetime | None, after: UUID | None, limit: int
) -> list[Message]:
    """The next ones by their ids, which tell when they were accepted."""
    messages = visible_to(caller).filter(chosen).order_by("pk")
    if since is not None:
        messages = messages.filter(pk__gte=first_id(since))
    if after is not None:
        messages = messages.filter(pk__gt=after)
    # Each channel's are in order in an index of their own; a label's are in none.
    ids = sorted(pk for channel in Channel for pk in _first(messages, channel, limit))
    rows = messages.in_bulk(ids[:limit])
    return [rows[pk] for pk in ids[:limit] if pk in rows]


def _first(messages: "QuerySet[Message]", channel: Channel, limit: int) -> list[UUID]:
    return list(messages.filter(channel=channel).values_list("pk", flat=True)[:limit])


def events_of(messages: Collection[Message]) -> dict[UUID, list[StatusEvent]]:
    """What was learnt about each, in the order in which it happened."""
    events: defaultdict[UUID, list[StatusEvent]] = defaultdict(list)
    rows = StatusEvent.objects.filter(message__in=[row.pk for row in messages])
    for event in rows.order_by("occurred_at", "pk"):
        events[event.message_id].append(event)
    return events


def last_causes_of(messages: Collection[Message]) -> dict[UUID, str]:
    """Why the last try of each came to nothing; empty where it was taken."""
    tries = SendAttempt.objects.filter(message__in=[row.pk for row in messages])
    return dict(tries.order_by("pk").values_list("message_id", "cause"))
