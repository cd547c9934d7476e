"""Whether the platform and Smartico are told of opt-outs, and take what they are told."""

from collections.abc import Iterator
from datetime import datetime

from gateway_project.operations.doctor.findings import About, Finding, State
from gateway_project.operations.doctor.relays import Owed, left_over
from gateways.models import Label
from gateways.values import LabelValues
from messages_app.relaying.label_listeners import LabelListener, listeners_of


def opt_outs(about: About, label: Label, values: LabelValues, now: datetime) -> Iterator[Finding]:
    """For each of the two how it stands, and what it has not taken."""
    for listener in listeners_of(values):
        name = f"Opt-outs: {listener.who.label}"
        narrowed = {"label__id": label.pk, "listener": listener.who}
        owed = Owed(name=name, rows=listener.relays(), narrowed=narrowed)
        left = left_over(about, owed, now)
        standing = _standing(about, name, label, listener)
        yield from left if left and standing.state == State.GREEN else [standing, *left]


def _standing(about: About, name: str, label: Label, listener: LabelListener) -> Finding:
    because = label.opt_outs_suspended.get(listener.who)
    if because is not None:
        return about.problem(
            name,
            f"not told any more: {because}",
            "Correct the URL or the secret on the label's page, then resume telling opt-outs.",
        )
    if not listener.is_configured:
        return about.note(name, "not told: nothing is set, or the keys of the ring do not open it")
    return about.good(name, "told")
