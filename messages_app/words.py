"""What people have said that providers' unknown status words mean."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from django.db.models import F, Q, QuerySet

from gateway_project.lib.redaction import scrub
from gateway_project.lib.vocabulary import Status
from gateways.values import GatewayValues
from messages_app.models import WORD_LENGTH, InboxEntry, Wait, WordMapping
from messages_app.reported import Report


def shown_word(text: str) -> str:
    """A provider's word as it may be stored."""
    return scrub(text)[:WORD_LENGTH]


def normal_word(text: str) -> str:
    """The word as it is compared: without regard to case and spaces."""
    return " ".join(shown_word(text).casefold().split())[:WORD_LENGTH]


def mappings_of(gateway: GatewayValues, words: Collection[str]) -> Mapping[str, WordMapping]:
    """The mappings for these words as they are compared; the gateway's own beats its provider's."""
    if not words:
        return {}
    rows = WordMapping.objects.filter(
        Q(gateway=None) | Q(gateway=gateway.id),
        label=gateway.label_id,
        provider=gateway.provider,
        word__in=set(words),
    )
    return {row.word: row for row in sorted(rows, key=lambda row: row.gateway_id is not None)}


def translated(
    gateway: GatewayValues, reports: Sequence[Report], ignored: Counter[int]
) -> list[Report | None]:
    """Each report with the status that a person has said its word means.

    None in the place of those whose word means nothing: they are added to `ignored`, by mapping.
    """
    keys = [normal_word(r.update.word) if r.update.status is None else "" for r in reports]
    known = mappings_of(gateway, {key for key in keys if key})
    kept: list[Report | None] = []
    for report, key in zip(reports, keys, strict=True):
        mapping = known.get(key)
        if mapping is None:
            kept.append(report)
        elif mapping.status:
            meant = replace(report.update, status=Status(mapping.status))
            kept.append(replace(report, update=meant, mapping_id=mapping.pk))
        else:
            ignored[mapping.pk] += 1
            kept.append(None)
    return kept


def count_ignored(times: Mapping[int, int]) -> None:
    """Notes how many more reports each of these mappings has dropped. Once in a transaction, and in
    one order: several gateways share mappings, and two who count at once would wait for each other.
    """
    for mapping_id, more in sorted(times.items()):
        WordMapping.objects.filter(pk=mapping_id).update(times_ignored=F("times_ignored") + more)


def waiting_for(mapping: WordMapping) -> "QuerySet[InboxEntry]":
    """The entries that wait for somebody to say this, or that were settled so and wait again."""
    meant = (
        {"gateway": mapping.gateway_id}
        if mapping.gateway_id
        else {
            "gateway__label": mapping.label_id,
            "gateway__provider": mapping.provider,
        }
    )
    open_entries = InboxEntry.objects.filter(applied_at=None, word_key=mapping.word, **meant)
    return open_entries.filter(Q(waits_for=Wait.A_MAPPING) | Q(mapping__isnull=False))


def reopen(mapping: WordMapping, now: datetime) -> int:
    """Lets what waits for this mapping be looked at again, and what it has settled otherwise and
    found no message for. Answers how many entries that are: the drain of the inbox applies the
    mapping to them, in batches.

    Belongs into the transaction that saves the mapping, and before that: entries are locked before
    their mapping, here as in the drain.
    """
    take_back(mapping, now)
    return waiting_for(mapping).update(
        waits_for=Wait.A_MAPPING, status="", mapping=None, due_at=now
    )


def take_back(mapping: WordMapping, now: datetime) -> None:
    """What this mapping has settled and found no message for waits for a mapping again."""
    if mapping.pk:
        settled = InboxEntry.objects.filter(mapping=mapping.pk, applied_at=None)
        settled.update(waits_for=Wait.A_MAPPING, status="", mapping=None, due_at=now)
