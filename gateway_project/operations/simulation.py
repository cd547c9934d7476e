"""A run of Smartico against a gateway, and the book that is kept of it."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice

import aiohttp

from gateway_project.operations.smartico import KINDS, Answered, Receiver, Sender, Told

EXPECTED = ("accepted", "delivered")
"""What an ordinary user's message is reported as; `delivered` is the last of them."""

LOOK_SECONDS = 0.1
AFTERMATH_SECONDS = 1.5
"""How long a run goes on listening for statuses that are told twice."""
REQUEST_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is played. Channels and users take turns."""

    url: str
    authorization: str = field(repr=False)
    api_key: str = field(repr=False)
    callback_port: int
    users: Sequence[str] = field(repr=False)
    channels: Sequence[str]
    count: int
    concurrency: int
    timeout: float


@dataclass(slots=True, kw_only=True)
class Line:
    """One channel of the book."""

    posted: int = 0
    accepted: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    delivered: int = 0
    missing: int = 0
    twice: int = 0
    wrong: int = 0

    @property
    def is_clean(self) -> bool:
        return self.accepted == self.posted and not (self.missing or self.twice or self.wrong)


@dataclass(slots=True, kw_only=True)
class Book:
    """What was answered and told, and what that amounts to."""

    plan: Plan
    answered: list[Answered] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    delivered: set[str] = field(default_factory=set)
    seconds: float = 0.0

    def hear(self, told: Told) -> None:
        """Enters one status."""
        self.told.append(told)
        if told.status == EXPECTED[-1]:
            self.delivered.add(told.ext_message_id)

    def lines(self) -> dict[str, Line]:
        """The book by channel. A status that belongs to no channel counts in the first."""
        lines = {channel: Line() for channel in self.plan.channels}
        told: dict[str, Counter[str]] = {}
        kinds = {one.ext_message_id: one.kind for one in self.answered if one.error_code == 0}
        for one in self.told:
            kind = kinds.get(one.ext_message_id)
            if kind is None or one.type != KINDS[kind].type or one.api_key != self.plan.api_key:
                lines[kind or self.plan.channels[0]].wrong += 1
            told.setdefault(one.ext_message_id, Counter())[one.status] += 1
        for answer in self.answered:
            _enter(lines[answer.kind], answer, told.get(answer.ext_message_id, Counter()))
        return lines

    def accept_seconds(self) -> list[float]:
        return sorted(one.seconds for one in self.answered)

    def delivery_seconds(self) -> list[float]:
        """From each answer to the first time its last expected status was told."""
        answered = {one.ext_message_id: one.at for one in self.answered if one.error_code == 0}
        first: dict[str, float] = {}
        for one in self.told:
            if one.status == EXPECTED[-1] and one.ext_message_id in answered:
                first.setdefault(one.ext_message_id, one.at - answered[one.ext_message_id])
        return sorted(first.values())


def _enter(line: Line, answer: Answered, told: Counter[str]) -> None:
    line.posted += 1
    if answer.error_code != 0:
        line.refused[f"{answer.error_code}: {answer.error_message}"] += 1
        return
    line.accepted += 1
    line.delivered += bool(told[EXPECTED[-1]])
    line.missing += any(not told[status] for status in EXPECTED)
    line.twice += sum(count - 1 for count in told.values() if count > 1)
    line.wrong += sum(count for status, count in told.items() if status not in EXPECTED)


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value below which that share of the ordered values lies; 0 where there are none."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


async def simulate(plan: Plan, on_progress: Callable[[Book], None]) -> Book:
    """Posts, listens, and returns when every accepted message was told as delivered, or in time."""
    book = Book(plan=plan)
    receiver = Receiver(book.hear)
    await receiver.start(plan.callback_port)
    clock = asyncio.get_running_loop().time
    began = clock()
    watching = asyncio.create_task(_watch(book, on_progress))
    try:
        await _post_all(plan, book)
        await _wait_for_all(book, deadline=clock() + plan.timeout)
        book.seconds = clock() - began
        await asyncio.sleep(AFTERMATH_SECONDS)
    finally:
        watching.cancel()
        await receiver.stop()
    on_progress(book)
    return book


async def _post_all(plan: Plan, book: Book) -> None:
    work = zip(islice(cycle(plan.channels), plan.count), cycle(plan.users), strict=False)
    connector = aiohttp.TCPConnector(limit=plan.concurrency)
    timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        sender = Sender(
            session,
            url=plan.url,
            authorization=plan.authorization,
            callback_url=f"http://127.0.0.1:{plan.callback_port}/callback",
        )

        async def post_in_turn() -> None:
            for kind, user in work:
                book.answered.append(await sender.post(kind, user))

        await asyncio.gather(*(post_in_turn() for _ in range(plan.concurrency)))


async def _wait_for_all(book: Book, deadline: float) -> None:
    accepted = sum(one.error_code == 0 for one in book.answered)
    while len(book.delivered) < accepted and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(LOOK_SECONDS)


async def _watch(book: Book, on_progress: Callable[[Book], None]) -> None:
    while True:
        on_progress(book)
        await asyncio.sleep(LOOK_SECONDS)
