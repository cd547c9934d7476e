"""From the id that Smartico uses to the end user, wherever the label's users are."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from django.db import connection
from django.db.models import Q

from gateway_project.lib import bulk, prepared
from gateway_project.lib.fibers import done_afar
from gateway_project.lib.identifiers import read_id
from gateway_project.lib.together import Together
from gateway_project.lib.vocabulary import Channel
from gateways.values import LabelValues
from users.directories.copies import copy_of
from users.ids import stored_id
from users.models import EndUser, Suppression
from users.suppressions import is_suppressed, suppressions_of


@dataclass(frozen=True, slots=True)
class Found:
    """An end user, and whether the address on the channel that was asked about is suppressed."""

    user: EndUser
    is_closed: bool


def find(label: LabelValues, ext_user_id: str) -> EndUser | None:
    """The label's user of this id, or None; no trimming, no other case.

    One SELECT where the users are stored. Another directory is asked, and DirectoryDown raised
    where it does not answer.
    """
    known_as = stored_id(label.user_ids, ext_user_id)
    if label.directory is not None:
        return copy_of(label, known_as)
    try:
        return EndUser.objects.get(label_id=label.id, ext_user_id=known_as)
    except EndUser.DoesNotExist:
        return None


def find_to_send(label: LabelValues, ext_user_id: str, channel: Channel) -> Found | None:
    """`find`, with whether the user's address on the channel is written to. One SELECT for all who
    ask at the same moment, where the users are stored."""
    if label.directory is None:
        return _find(_Sought(label.id, stored_id(label.user_ids, ext_user_id), str(channel)))
    return _find_elsewhere(label, ext_user_id, channel)


@done_afar
def _find_elsewhere(label: LabelValues, ext_user_id: str, channel: Channel) -> Found | None:
    user = find(label, ext_user_id)
    if user is None:
        return None
    index = user.address_index(channel)
    return Found(user, index is not None and is_suppressed(label.id, channel, index))


class _Sought(NamedTuple):
    label_id: int
    ext_user_id: str
    channel: str


def _find_all(sought: Sequence[_Sought]) -> list[Found | None]:
    if connection.vendor == "postgresql":
        found = _found_by_statement(sought)
    else:
        found = found_one_by_one(sought)
    return [found.get(each) for each in sought]


_find = Together(_find_all)


def found_one_by_one(sought: Sequence[_Sought]) -> dict[_Sought, Found]:
    """As the ORM says it."""
    ids: defaultdict[int, set[str]] = defaultdict(set)
    for each in sought:
        ids[each.label_id].add(each.ext_user_id)
    any_of = Q(pk__in=[])
    for label_id, ext_user_ids in ids.items():
        any_of |= Q(label_id=label_id, ext_user_id__in=ext_user_ids)
    users = {(user.label_id, user.ext_user_id): user for user in EndUser.objects.filter(any_of)}
    closed = suppressions_of(users.values())
    found = {}
    for each in sought:
        user = users.get(each[:2])
        if user is not None:
            address = each.label_id, each.channel, user.address_index(each.channel)
            found[each] = Found(user, address in closed)
    return found


def _found_by_statement(sought: Sequence[_Sought]) -> dict[_Sought, Found]:
    columns = zip(*sought, strict=True)
    rows = prepared.rows(_statement(), [bulk.array(column) for column in columns])
    users = bulk.instances(EndUser, _attributes(), [row[2:] for row in rows])
    return {
        sought[place - 1]: Found(user, closed)
        for (place, closed, *_), user in zip(rows, users, strict=True)
    }


@cache
def _statement() -> str:
    users, suppressions = EndUser._meta.db_table, Suppression._meta.db_table
    columns = ", ".join(f"stored.{field.column}" for field in EndUser._meta.concrete_fields)
    return (
        f"SELECT sought.place, EXISTS (SELECT 1 FROM {suppressions} AS closed "  # noqa: S608  of the models' own names
        "WHERE closed.label_id = sought.label_id AND closed.channel = sought.channel "
        "AND closed.address_index = CASE sought.channel "
        f"WHEN '{Channel.EMAIL}' THEN stored.email_index "
        f"WHEN '{Channel.CUSTOM_IM}' THEN NULL ELSE stored.phone_index END), {columns} "
        "FROM unnest(%s::bigint[], %s::text[], %s::text[]) WITH ORDINALITY "
        f"AS sought (label_id, ext_user_id, channel, place) JOIN {users} AS stored "
        "ON stored.label_id = sought.label_id AND stored.ext_user_id = sought.ext_user_id"
    )


@cache
def _attributes() -> tuple[str, ...]:
    return tuple(field.attname for field in EndUser._meta.concrete_fields)


def users_known_as(text: str, labels: Iterable[LabelValues]) -> list[EndUser]:
    """Each label's user of this id, by the label's own rule; or the one user of whom it is ours."""
    label_ids_by_id: dict[str, list[int]] = {}
    for label in labels:
        label_ids_by_id.setdefault(stored_id(label.user_ids, text), []).append(label.id)
    sought = Q(pk=read_id(text), label_id__in=[n for ids in label_ids_by_id.values() for n in ids])
    for known_as, label_ids in label_ids_by_id.items():
        sought |= Q(label_id__in=label_ids, ext_user_id=known_as)
    return list(EndUser.objects.filter(sought).select_related("label", "brand").order_by("pk"))
