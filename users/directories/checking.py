"""Whether a label's directory answers as it should: it is asked for somebody who does not exist."""

import time
from collections.abc import Sequence
from typing import NamedTuple
from uuid import uuid4

from gateway_project.lib.clock import database_now
from gateway_project.lib.transactions import writing
from gateways.values import LabelValues
from users.directories.base import (
    ANSWER_SECONDS,
    Directory,
    DirectoryDown,
    Weakness,
    settled,
)
from users.directories.kept import directory_of
from users.models import DirectoryCheck

SLOW_SECONDS = 0.25
MEND = (
    "Compare its settings with the platform's, see that it may be reached from here (EGRESS_ALLOW) "
    "and answers within a second."
)
KNOWS_ANYBODY = "it knows a user that does not exist"
USE_THE_ID = "See that what it answers depends on the id: it would give anybody's address away."
SLOW = "An answer that is not kept costs each request this long: have the id indexed there."


class Seen(NamedTuple):
    """Whether it works, what was found, and what to do, empty where nothing. It names no address,
    no id and no secret."""

    works: bool
    found: str
    to_do: str = ""


def note_check(label: LabelValues) -> None:
    """Asks, and writes down what was found; nothing where the label's users are stored here."""
    try:
        directory = directory_of(label)
        seen = check(directory) if directory is not None else None
    except DirectoryDown as error:
        seen = Seen(works=False, found=str(error), to_do=MEND)
    if seen is None:
        return
    with writing():
        DirectoryCheck.objects.update_or_create(
            label_id=label.id, defaults={"checked_at": database_now(), **seen._asdict()}
        )


def check(directory: Directory) -> Seen:
    """Raises DirectoryDown."""
    _knows_somebody(directory)  # connects
    began = time.monotonic()
    if _knows_somebody(directory):
        return Seen(works=False, found=KNOWS_ANYBODY, to_do=USE_THE_ID)
    return _working(time.monotonic() - began, directory.weaknesses())


def _working(took: float, weaknesses: Sequence[Weakness]) -> Seen:
    said = [f"answers in {max(1, round(took * 1000))} ms", *(each.text for each in weaknesses)]
    to_do = [SLOW] if took > SLOW_SECONDS else []
    to_do += [each.to_do for each in weaknesses]
    return Seen(works=True, found="; ".join(said), to_do=" ".join(to_do))


def _knows_somebody(directory: Directory) -> bool:
    made_up = f"gatehouse-check-{uuid4()}"
    return settled(directory, directory.ask(made_up), ANSWER_SECONDS * 1.2) is not None
