"""What every kind of directory does: it is asked for one id, and its answer is read."""

from collections.abc import Mapping
from concurrent.futures import CancelledError, Future
from datetime import timedelta
from typing import Any, ClassVar, NamedTuple

from gateway_project.lib.transport import TransportError
from gateways.directory_kinds import TTL_SECONDS

ANSWER_SECONDS = 1.0
"""How long a directory may take over one answer, to the end of it."""

Record = Mapping[str, Any]
"""email, phone, brand and properties, as far as the directory has them."""


class DirectoryDown(Exception):
    """No answer that can be used. `str()` is a short cause without address, id or secret."""


class Weakness(NamedTuple):
    """What is better mended though it works, and how."""

    text: str
    to_do: str


class Directory:
    """One label's directory, as its settings describe it."""

    kind: ClassVar[str]

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.settings = settings
        self.ttl = timedelta(seconds=settings.get("ttl_seconds", TTL_SECONDS))

    def ask(self, ext_user_id: str) -> "Future[Any]":
        """Sets the question going; it ends within `ANSWER_SECONDS`, or a little later."""
        raise NotImplementedError

    def read(self, answer: Any) -> Record | None:
        """What the answer says of the user; None where there is none. Raises DirectoryDown."""
        raise NotImplementedError

    def weaknesses(self) -> list[Weakness]:
        """What can be seen of how it is reached, once it has answered. Raises DirectoryDown."""
        raise NotImplementedError

    def close(self) -> None:
        """Lets go of what is kept open."""


def settled(
    directory: Directory, future: "Future[Any]", seconds: float | None = None
) -> Record | None:
    """Waits for the answer and reads it. Raises DirectoryDown, whatever went wrong."""
    return directory.read(answer_of(future, seconds))


def answer_of(future: "Future[Any]", seconds: float | None = None) -> Any:
    """Waits for what the library has to say. Raises DirectoryDown, whatever went wrong: what did is
    not raised itself, as others may wait for the same."""
    problem: BaseException | None
    try:
        problem = future.exception(seconds)
    except (CancelledError, TimeoutError) as error:
        problem = error
    if problem is None:
        return future.result()
    is_ours = isinstance(problem, TransportError)
    # Each library has its own, with the host in its words.
    cause = str(problem) if is_ours else type(problem).__name__
    raise DirectoryDown(f"no answer: {cause}")
