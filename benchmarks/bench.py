"""The bench: what all trials of a run share. Whatever is costly to set up is set up once."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from benchmarks.house import House
from benchmarks.outside import Outside
from benchmarks.reference.house import UsualHouse
from benchmarks.server import DatabaseServer

MESSAGES_OF_A_USER = 10

Built = TypeVar("Built", House, UsualHouse)


@dataclass(kw_only=True)
class Bench:
    """`seconds`: how long a load lasts. `backlog`: how many messages wait where a drain is timed.
    `users`: how many end users are drawn from. `past`: how many messages an old house has had."""

    seconds: float
    backlog: int
    users: int
    past: int
    connections: int = 32
    server: DatabaseServer
    directory: Path
    stack: ExitStack = field(repr=False)

    @cached_property
    def outside(self) -> Outside:
        """The provider and the Smartico of this run."""
        return self.stack.enter_context(Outside(self.directory))

    @cached_property
    def house(self) -> House:
        """Ours, on the database server."""
        url = self.server.make("house")
        return self._built(House(self.directory / "house", url, self.outside))

    @cached_property
    def old(self) -> House:
        """Ours, with months of messages behind it."""
        house = House(self.directory / "old", self.server.make("old"), self.outside)
        self._built(house).give_past(self.past, self.past // MESSAGES_OF_A_USER)
        return house

    @cached_property
    def embedded(self) -> House:
        """Ours, on the embedded default."""
        return self._built(House(self.directory / "embedded", None, self.outside))

    @cached_property
    def usual(self) -> UsualHouse:
        """The usual way."""
        database = self.server.make("usual")
        return self._built(UsualHouse(self.directory / "usual", database, self.outside))

    def _built(self, house: Built) -> Built:
        self.stack.callback(house.leave)
        house.build(self.users)
        return house


@contextmanager
def bench(
    *, seconds: float, backlog: int, users: int, past: int, server_url: str
) -> Iterator[Bench]:
    """A bench with a directory and databases of its own, which are gone afterwards."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        server = stack.enter_context(DatabaseServer(server_url))
        yield Bench(
            seconds=seconds,
            backlog=backlog,
            users=users,
            past=past,
            server=server,
            directory=directory,
            stack=stack,
        )
