"""Adding to tallies, whoever else adds to the same ones."""

from collections.abc import Iterable
from operator import attrgetter

from gateway_project.lib import adding
from messages_app.models import Tally

KEY = ("start", "span", "measure", "label_id", "channel", "gateway_id", "part")
"""What tells two tallies apart."""

key_of = attrgetter(*KEY)


def add(tallies: Iterable[Tally]) -> None:
    """Raises what stands there by these counts."""
    adding.add(tallies, KEY)
