"""What an entry of the status inbox means, in words. Pure over the row."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from messages_app.inbox import LOOKED_FOR
from messages_app.models import InboxEntry, Wait

HOURS = int(LOOKED_FOR.total_seconds() // 3600)


class Standing(StrEnum):
    """How an entry stands."""

    APPLIED = "Applied"
    WAITS = "Waits"
    NEEDS_A_PERSON = "Needs a person"
    GIVEN_UP = "Given up"


MEANINGS: Mapping[str, tuple[str, ...]] = {
    Wait.ITS_TIME: ("The provider plays this report itself, and its time is still to come.",),
    Wait.ITS_MESSAGE: (
        "The report names no message that this gateway has sent.",
        "It may have come before the provider's id was written, or before the message was tried: "
        f"then it is applied as soon as that has happened. It is looked at again for {HOURS} "
        "hours.",
        "An opt-out or a complaint whose id stays unknown is put on the last message to the "
        "address in it.",
        "If it stays, somebody else uses the same account at the provider, or the webhook of "
        "another gateway leads here.",
    ),
    Wait.A_MAPPING: (
        "The provider used a word that means none of Smartico's eight statuses here, so nothing "
        "was recorded and Smartico was told nothing.",
        "Say what it means, here or under Status words: then every report that waits with this "
        "word is settled so, and those to come.",
    ),
    Wait.A_READER: (
        "The report could not be read. What is kept of it holds no address, number or secret.",
        "Look at whether the provider is set to the format that its set-up instructions name. Once "
        "that or the gateway's configuration is mended, have it read again.",
    ),
}


def standing(entry: InboxEntry, now: datetime) -> Standing:
    """How the entry stands now."""
    if entry.applied_at is not None:
        return Standing.APPLIED
    if entry.waits_for in (Wait.A_MAPPING, Wait.A_READER):
        return Standing.NEEDS_A_PERSON
    return Standing.WAITS if now - entry.received_at < LOOKED_FOR else Standing.GIVEN_UP


def meaning(entry: InboxEntry) -> tuple[str, ...]:
    """What it means and what to do, a sentence or some to a paragraph."""
    if entry.applied_at is not None:
        return ("It was applied to its message: there is nothing left to do.",)
    return MEANINGS[entry.waits_for]
