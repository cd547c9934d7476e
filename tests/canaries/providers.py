"""All providers at one place on loopback, and ruder than any: whatever they are asked, they repeat
whom it was about, in one disguise after the other, and the secret that they were given."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from itertools import cycle, islice
from urllib.parse import unquote

from gateway_project.lib.vocabulary import PHONE_CHANNELS, Channel
from gateways.providers.registry import provider_classes
from tests.canaries.birds import EMAIL, PHONE, PROVIDER_SECRET, address, telephone
from tests.disguises import ANY, OF_A_NUMBER, OF_AN_ADDRESS
from tests.gateways.providers.examples import ACCOUNTS, URL_FIELDS
from tests.gateways.providers.exchanges import exchanges
from tests.peers import Answer, Asked, HttpPeer, http_peer

AT_ONCE = 6
"""Disguises in one answer: more would be cut off before they are looked at."""
NAMED = re.compile(rf"{re.escape(EMAIL.spelled)}\.(\d+)|{PHONE.spelled}(\d\d)")
IN_EVERY_BODY = 0
"""The number of who is named by what a message says, whoever it is to."""


def speaks_http(slug: str) -> bool:
    """Whether there is a place where its service can be put."""
    fields = provider_classes()[slug].Config.base_fields
    return hasattr(ACCOUNTS[slug], "at") or any(name in fields for name in URL_FIELDS)


ROADS = [
    (slug, channel)
    for slug, cls in provider_classes().items()
    if speaks_http(slug)
    for channel in cls.channels
]


class Mood(Enum):
    """What the providers make of a message: a status, and whether it is as they document it."""

    KIND = 200
    STRICT = 400
    BUSY = 503
    ODD = 202
    OFFENDED = 401


@dataclass
class Road:
    """One provider on one channel, and the person who is reached that way."""

    slug: str
    channel: Channel
    number: int
    peer: HttpPeer
    mood: Mood = Mood.KIND
    shown: set[Mood] = field(default_factory=set)
    """The moods in which it was asked."""
    is_asked_about_itself: bool = False
    """Whether it is asked for its account: then there is nobody whom it could repeat."""
    words: dict[int, Iterator[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.peer.respond = self.answer

    @property
    def name(self) -> str:
        return f"{self.slug}-{self.channel}"

    def answer(self, asked: Asked) -> Answer:
        self.shown.add(self.mood)
        if self.mood is Mood.KIND and (self.slug, self.channel) in _documented():
            return _documented()[self.slug, self.channel]
        told = self.rude_words(self._about(asked))
        body = told if self.mood in (Mood.STRICT, Mood.ODD) else json.dumps({"message": told})
        return Answer(self.mood.value, body)

    def rude_words(self, number: int) -> str:
        if self.is_asked_about_itself:
            return f"not with {PROVIDER_SECRET.spelled}"
        words = self.words.setdefault(number, cycle(self._spellings(number)))
        said = ", ".join(islice(words, AT_ONCE))
        return f"no such recipient: {said}; asked for with {PROVIDER_SECRET.spelled}"

    def _about(self, asked: Asked) -> int:
        """The number of whom it is about: its own person, unless only somebody else is named, as
        by what it is told beside messages."""
        told = unquote(f"{asked.path} {asked.query} {asked.body.decode(errors='replace')}")
        named = {int(found[1] or found[2]) for found in NAMED.finditer(told)} - {IN_EVERY_BODY}
        return self.number if self.number in named else min(named, default=self.number)

    def _spellings(self, number: int) -> list[str]:
        """Of the one who is asked for, in every disguise; roads begin at different ones."""
        told = self._of_the_recipient(number)
        begin = self.number * AT_ONCE % len(told)
        return told[begin:] + told[:begin]

    def _of_the_recipient(self, number: int) -> list[str]:
        if self.channel == Channel.EMAIL:
            return [wear(address(number)) for wear in (OF_AN_ADDRESS | ANY).values()]
        if self.channel in PHONE_CHANNELS:
            return [wear(telephone(number)) for wear in (OF_A_NUMBER | ANY).values()]
        return [address(number), telephone(number)]


@cache
def _documented() -> dict[tuple[str, Channel], Answer]:
    """What each provider answers to a message that it takes."""
    taken = [each for each in exchanges() if each.provider_id is not None]
    return {(each.slug, each.channel): each.answer for each in taken}


@contextmanager
def roads() -> Iterator[list[Road]]:
    """A server for every provider on every channel."""
    with ExitStack() as stack:
        yield [
            Road(slug, channel, number, stack.enter_context(http_peer()))
            for number, (slug, channel) in enumerate(ROADS, start=1)
        ]
