"""Suppressions: the addresses on a channel that are not written to, known by their blind index."""

from collections.abc import Iterable, Iterator
from itertools import islice

from gateway_project.lib.transactions import writing
from users.models import Suppression

BATCH = 1000


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


def suppress(label_id: int, channel: str, address_indexes: Iterable[str], reason: str) -> None:
    """From now on nothing is written there. What was suppressed before keeps its reason."""
    with writing():
        for batch in _batches(address_indexes):
            Suppression.objects.bulk_create(
                [
                    Suppression(
                        label_id=label_id, channel=channel, address_index=index, reason=reason
                    )
                    for index in batch
                ],
                ignore_conflicts=True,
            )


def lift(label_id: int, channel: str, address_indexes: Iterable[str]) -> int:
    """The addresses may be written to again. Answers how many were suppressed."""
    with writing():
        return sum(
            Suppression.objects.filter(
                label_id=label_id, channel=channel, address_index__in=batch
            ).delete()[0]
            for batch in _batches(address_indexes)
        )


def _batches(address_indexes: Iterable[str]) -> Iterator[list[str]]:
    """Each once and in one order, so that two callers at a time do not wait for each other."""
    each_once = iter(sorted(set(address_indexes)))
    while batch := list(islice(each_once, BATCH)):
        yield batch
