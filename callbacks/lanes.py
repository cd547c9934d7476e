"""Lanes: the callbacks of one label to one host. A host that hangs holds up no other lane."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from callbacks.models import CallbackDelivery, DeliveryQuerySet
from gateway_project.lib.clock import moment
from gateway_project.lib.kicks import kick
from gateways import configuration

DRAIN = "report"
UNREADABLE = ""
"""The host of messages whose callback_url does not open: they fail visibly, and are tried again."""

LONGEST_HOLD_SECONDS = 60.0
"""A host that asks for more is asked again by then, with as many callbacks as are in the air."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    label_id: int
    host: str

    @classmethod
    def of_key(cls, key: str) -> "Lane":
        label_id, _, host = key.partition("/")
        return cls(label_id=int(label_id), host=host)

    @property
    def key(self) -> str:
        """How the drain of this lane is named."""
        return f"{self.label_id}/{self.host}"

    @property
    def is_open(self) -> bool:
        """Whether callbacks go out: not where the label's api_key was turned away, nor on hold."""
        label = configuration.current().labels.get(self.label_id)
        is_on_hold = _held_until.get(self, 0.0) > time.monotonic()
        return label is not None and not label.callbacks_suspended and not is_on_hold

    def deliveries(self) -> DeliveryQuerySet:
        return CallbackDelivery.objects.filter(label=self.label_id, host=self.host)

    def hold(self, seconds: float) -> None:
        """Leaves the host in peace, from this process, as it asked for by Retry-After."""
        _held_until[self] = time.monotonic() + min(seconds, LONGEST_HOLD_SECONDS)

    def has_due(self) -> bool:
        return self.deliveries().due(moment()).exists()

    def kick(self) -> None:
        kick(DRAIN, self.key)


_held_until: dict[Lane, float] = {}


def due_lanes() -> list[str]:
    """The keys of the lanes that have something to tell now."""
    return [lane.key for lane in lanes_with_debts() if lane.is_open and lane.has_due()]


def lanes_with_debts() -> Iterator[Lane]:
    """Every lane with owed deliveries, found in leaps along the index: it costs a look per lane,
    however many deliveries stand in each.
    """
    owed = CallbackDelivery.objects.owed()
    label_id, host = 0, ""
    while True:
        here = owed.filter(label=label_id, host__gt=host).order_by("host")
        beyond = owed.filter(label__gt=label_id).order_by("label", "host")
        found = (
            here.values_list("label_id", "host").first()
            or beyond.values_list("label_id", "host").first()
        )
        if found is None:
            return
        label_id, host = found
        yield Lane(label_id=label_id, host=host)
