"""Suppressions: the addresses on a channel that are not written to, known by their blind index."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from types import MappingProxyType
from typing import Any, NamedTuple

from django.dispatch import Signal

from gateway_project.lib.clock import database_now
from gateway_project.lib.personal import Personal
from gateway_project.lib.redaction import scrub
from gateway_project.lib.transactions import writing
from gateways.models.audit import REASON_LENGTH
from users.models import EndUser, Lifting, Suppression
from users.signals import addresses_lifted, addresses_suppressed

BATCH = 1000
NONE_KNOWN: Mapping[str, Personal] = MappingProxyType({})


class Closed(NamedTuple):
    """Why an address is closed, and the gateway whose provider knows already, if one does."""

    reason: str
    told_by: int | None = None


def is_suppressed(label_id: int, channel: str, address_index: str) -> bool:
    """Whether this address is not written to on this channel."""
    return Suppression.objects.filter(
        label_id=label_id, channel=channel, address_index=address_index
    ).exists()


def suppressed_among(label_id: int, channel: str, address_indexes: Iterable[str]) -> set[str]:
    """Those of the addresses that are not written to on this channel."""
    return set(
        Suppression.objects.filter(
            label_id=label_id, channel=channel, address_index__in=set(address_indexes)
        ).values_list("address_index", flat=True)
    )


def suppressions_of(users: Iterable[EndUser]) -> dict[tuple[int, str, str], Suppression]:
    """What the users' addresses are closed to, by label, channel and index. One SELECT."""
    indexes = {index for user in users for index in (user.email_index, user.phone_index) if index}
    labels = {user.label_id for user in users}
    rows = Suppression.objects.filter(label__in=labels, address_index__in=indexes)
    return {(row.label_id, row.channel, row.address_index): row for row in rows}


def suppress(
    label_id: int,
    channel: str,
    address_indexes: Iterable[str],
    reason: str,
    *,
    told_by: int | None = None,
    by_platform: bool = False,
    addresses: Mapping[str, Personal] = NONE_KNOWN,
) -> None:
    """From now on nothing is written there. What was suppressed before keeps its reason.

    `told_by` is the gateway whose provider knows already, `by_platform` says that the platform
    does; `addresses` are plain ones by index.
    """
    why = Closed(reason=reason, told_by=told_by)
    closed = dict.fromkeys(address_indexes, why)
    suppress_each(label_id, channel, closed, by_platform=by_platform, addresses=addresses)


def suppress_each(
    label_id: int,
    channel: str,
    closed: Mapping[str, Closed],
    *,
    by_platform: bool = False,
    addresses: Mapping[str, Personal] = NONE_KNOWN,
) -> None:
    """The same for addresses that are closed each for its own reason: in one order over them all,
    so that two callers at a time do not wait for each other."""
    news = {"by_platform": by_platform, "addresses": addresses}
    with writing():
        for batch in _batches(closed):
            before = suppressed_among(label_id, channel, batch)
            new = {index: closed[index] for index in batch if index not in before}
            Suppression.objects.bulk_create(
                [
                    Suppression(
                        label_id=label_id, channel=channel, address_index=index, reason=why.reason
                    )
                    for index, why in new.items()
                ],
                ignore_conflicts=True,
            )
            for why in dict.fromkeys(new.values()):
                alike = [index for index in new if new[index] == why]
                _tell(addresses_suppressed, label_id, channel, alike, **why._asdict(), **news)


def lift(
    label_id: int,
    channel: str,
    address_indexes: Iterable[str],
    *,
    by: str,
    because: str = "",
    told_by: int | None = None,
    by_platform: bool = False,
    addresses: Mapping[str, Personal] = NONE_KNOWN,
) -> int:
    """The addresses may be written to again. Answers how many were suppressed.

    `by` is the name of a person or of what acts, and `because` the reason given; both are kept.
    """
    because = scrub(because.strip(), kept=REASON_LENGTH)
    news = {"told_by": told_by, "by_platform": by_platform, "addresses": addresses}
    with writing():
        count = 0
        for batch in _batches(address_indexes):
            rows = _lifted(label_id, channel, batch)
            _keep(rows, by, because)
            _tell(addresses_lifted, label_id, channel, [row.address_index for row in rows], **news)
            count += len(rows)
    return count


def _lifted(label_id: int, channel: str, batch: list[str]) -> list[Suppression]:
    """The rows that were there, and are not any more."""
    locked = (
        Suppression.objects.select_for_update()
        .order_by("address_index")
        .filter(label_id=label_id, channel=channel, address_index__in=batch)
    )
    rows = list(locked)
    Suppression.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return rows


def _keep(rows: Iterable[Suppression], by: str, because: str) -> None:
    now = database_now()
    Lifting.objects.bulk_create(
        Lifting(
            label_id=row.label_id,
            channel=row.channel,
            address_index=row.address_index,
            reason=row.reason,
            suppressed_at=row.created_at,
            lifted_at=now,
            lifted_by=by,
            because=because,
        )
        for row in rows
    )


def _tell(signal: Signal, label_id: int, channel: str, indexes: list[str], **news: Any) -> None:
    if indexes:
        signal.send(
            Suppression, label_id=label_id, channel=channel, address_indexes=indexes, **news
        )


def _batches(address_indexes: Iterable[str]) -> Iterator[list[str]]:
    """Each once and in one order, so that two callers at a time do not wait for each other."""
    each_once = iter(sorted(set(address_indexes)))
    while batch := list(islice(each_once, BATCH)):
        yield batch
