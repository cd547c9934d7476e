"""Suppressions: the addresses on a channel that are not written to, known by their blind index."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from types import MappingProxyType

from django.dispatch import Signal

from gateway_project.lib.personal import Personal
from gateway_project.lib.transactions import writing
from users.models import Suppression
from users.signals import addresses_lifted, addresses_suppressed

BATCH = 1000
NONE_KNOWN: Mapping[str, Personal] = MappingProxyType({})


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


def suppress(
    label_id: int,
    channel: str,
    address_indexes: Iterable[str],
    reason: str,
    *,
    told_by: int | None = None,
    addresses: Mapping[str, Personal] = NONE_KNOWN,
) -> None:
    """From now on nothing is written there. What was suppressed before keeps its reason.

    `told_by` is the gateway whose provider knows already; `addresses` are plain ones by index.
    """
    with writing():
        for batch in _batches(address_indexes):
            before = suppressed_among(label_id, channel, batch)
            Suppression.objects.bulk_create(
                [
                    Suppression(
                        label_id=label_id, channel=channel, address_index=index, reason=reason
                    )
                    for index in batch
                    if index not in before
                ],
                ignore_conflicts=True,
            )
            new = [index for index in batch if index not in before]
            _tell(addresses_suppressed, label_id, channel, new, told_by, addresses)


def lift(
    label_id: int,
    channel: str,
    address_indexes: Iterable[str],
    *,
    told_by: int | None = None,
    addresses: Mapping[str, Personal] = NONE_KNOWN,
) -> int:
    """The addresses may be written to again. Answers how many were suppressed."""
    with writing():
        return sum(
            _lift(label_id, channel, batch, told_by, addresses)
            for batch in _batches(address_indexes)
        )


def _lift(
    label_id: int,
    channel: str,
    batch: list[str],
    told_by: int | None,
    addresses: Mapping[str, Personal],
) -> int:
    lifted = sorted(suppressed_among(label_id, channel, batch))
    count, _ = Suppression.objects.filter(
        label_id=label_id, channel=channel, address_index__in=lifted
    ).delete()
    _tell(addresses_lifted, label_id, channel, lifted, told_by, addresses)
    return count


def _tell(
    signal: Signal,
    label_id: int,
    channel: str,
    indexes: list[str],
    told_by: int | None,
    addresses: Mapping[str, Personal],
) -> None:
    if indexes:
        signal.send(
            Suppression,
            label_id=label_id,
            channel=channel,
            address_indexes=indexes,
            told_by=told_by,
            addresses=addresses,
        )


def _batches(address_indexes: Iterable[str]) -> Iterator[list[str]]:
    """Each once and in one order, so that two callers at a time do not wait for each other."""
    each_once = iter(sorted(set(address_indexes)))
    while batch := list(islice(each_once, BATCH)):
        yield batch
