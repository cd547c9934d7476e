"""Whether the platform and Smartico are told of opt-outs."""

from collections.abc import Iterator

from gateway_project.operations.doctor.findings import About, Finding
from gateways.models import Label
from gateways.values import LabelValues
from messages_app.relaying.label_listeners import LabelListener, listeners_of


def opt_outs(about: About, label: Label, values: LabelValues) -> Iterator[Finding]:
    """A line for each of the two."""
    for listener in listeners_of(values):
        yield _listener(about, label, listener)


def _listener(about: About, label: Label, listener: LabelListener) -> Finding:
    name = f"Opt-outs: {listener.who.label}"
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
