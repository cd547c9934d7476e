"""Who is told something beside messages, as the drain sees them."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from gateway_project.lib.http import HttpAnswer, HttpCall
from gateway_project.lib.personal import Personal
from gateways.providers.base import ProviderError

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from messages_app.models import Relay


class NotNeeded(Exception):
    """A relay that need not leave any more. The text says why."""


class Listener(Protocol):
    """A gateway's provider, the platform by its webhook, or Smartico."""

    @property
    def key(self) -> str:
        """How its drain is named."""

    def relays(self) -> "QuerySet[Relay]":
        """All that it is owed, and was."""

    def size(self, kind: str) -> int:
        """Most relays of the kind that one call tells; 0 where it takes none."""

    def may_repeat(self, kind: str) -> bool:
        """Whether it may be told the same once more where nobody knows what came of the call."""

    def lookup(self, kind: str, relays: "Sequence[Relay]") -> "Callable[[Relay], Any]":
        """Finds for each of the relays what it is about at this moment: an item for `call`.

        That raises NotNeeded, or Undecryptable.
        """

    def call(self, kind: str, relays: "Sequence[Relay]", items: Sequence[Any]) -> HttpCall:
        """The request that tells these. Raises a ProviderError where none can be made."""

    def problem(self, answer: HttpAnswer) -> ProviderError | None:
        """Why the whole of a call was not taken; None where it was."""

    def secrets(self) -> Iterable[Personal | str]:
        """What it is called with and must not be repeated."""

    def stop(self, because: str) -> None:
        """Tells it nothing more until a person has looked: it turns our account away."""
