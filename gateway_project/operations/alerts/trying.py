"""A test alert to a label's people, asked for by one of them."""

from typing import Any

from gateway_project.lib.clock import database_now
from gateway_project.lib.crypto import Undecryptable
from gateway_project.lib.transactions import writing
from gateway_project.operations.alerts.ways import NotTold, Way, ways_of
from gateway_project.operations.alerts.words import trial_of
from gateways.auditing import record
from gateways.connection import Finding
from gateways.models import Action, Label, LabelContact
from gateways.models.contact import FINDING_LENGTH

UNREADABLE = Finding(is_connected=False, text="what was saved cannot be decrypted: type it anew")


def send_test(label: Label, actor: Any) -> Finding | None:
    """Writes to everybody whom the label names, that nothing is the matter. None where it names
    nobody. Kept for the check list, and written down."""
    try:
        ways = list(ways_of(label))
    except Undecryptable:
        return UNREADABLE
    if not ways:
        return None
    told = [_told(way, label) for way in ways]
    found = Finding(
        is_connected=all(is_told for is_told, _ in told),
        text="; ".join(words for _, words in told)[:FINDING_LENGTH],
    )
    _keep(label, found, actor)
    return found


def _told(way: Way, label: Label) -> tuple[bool, str]:
    try:
        way.tell(trial_of(label.slug, label.name))
    except NotTold as problem:
        return False, f"{way.name}: {problem}"
    return True, f"{way.name}: took a test"


def _keep(label: Label, found: Finding, actor: Any) -> None:
    with writing():
        LabelContact.objects.update_or_create(
            label=label,
            defaults={
                "alerts_checked_at": database_now(),
                "alerts_arrive": found.is_connected,
                "alerts_finding": found.text,
            },
        )
        record(actor, Action.TESTED, label, reason=f"alerts: {found.text}")
