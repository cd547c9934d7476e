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
NAMED = re.compile(rf"{re.escape(EMAIL.spelled)}\.\d+@[\w.]+|\+49{PHONE.spelled}\d\d")
IN_EVERY_BODY = {address(0), telephone(0)}
"""What a message says names these, whoever it is to."""


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
    words: dict[tuple[str, ...], Iterator[str]] = field(default_factory=dict)

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

    def rude_words(self, whom: tuple[str, ...]) -> str:
        if self.is_asked_about_itself:
            return f"not with {PROVIDER_SECRET.spelled}"
        words = self.words.setdefault(whom, cycle(self._spellings(whom)))
        said = ", ".join(islice(words, AT_ONCE))
        return f"no such recipient: {said}; asked for with {PROVIDER_SECRET.spelled}"

    def _about(self, asked: Asked) -> tuple[str, ...]:
        """By which addresses: its own person's, unless only somebody else is named, as by what it
        is told beside messages."""
        told = unquote(f"{asked.path} {asked.query} {asked.body.decode(errors='replace')}")
        named = {found[0] for found in NAMED.finditer(told)} - IN_EVERY_BODY
        own = {address(self.number), telephone(self.number)}
        return (min(named),) if named and not named & own else self._of_its_person()

    def _of_its_person(self) -> tuple[str, ...]:
        if self.channel == Channel.EMAIL:
            return (address(self.number),)
        if self.channel in PHONE_CHANNELS:
            return (telephone(self.number),)
        return address(self.number), telephone(self.number)

    def _spellings(self, whom: tuple[str, ...]) -> list[str]:
        """In every disguise; roads begin at different ones."""
        if len(whom) > 1:
            return list(whom)
        disguises = (OF_AN_ADDRESS if "@" in whom[0] else OF_A_NUMBER) | ANY
        told = [wear(whom[0]) for wear in disguises.values()]
        begin = self.number * AT_ONCE % len(told)
        return told[begin:] + told[:begin]


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
