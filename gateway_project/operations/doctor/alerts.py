"""Whether a label's own people would be told when something breaks."""

from datetime import datetime

from django.conf import settings

from gateway_project.lib.crypto import Undecryptable
from gateway_project.operations.alerts.ways import Mail, NotTold, ways_of
from gateway_project.operations.alerts.words import trial_of
from gateway_project.operations.doctor.ages import ago
from gateway_project.operations.doctor.findings import About, Finding
from gateway_project.operations.doctor.labels import SHUT
from gateways.connection import Finding as Connection
from gateways.models import Label, LabelContact

NAME = "Alerts"
NOBODY = "nobody is told when a gateway is paused or callbacks are suspended"
NAME_SOMEBODY = "Name e-mail addresses or a webhook under Alerts on the label's page."
NAME_A_SERVER = "Set ALERTS_EMAIL_URL and ALERTS_FROM."


def alerts(about: About, label: Label, contact: LabelContact | None, now: datetime) -> Finding:
    """What the last test found."""
    try:
        ways = list(ways_of(label))
    except Undecryptable:
        return about.problem(NAME, *SHUT)
    if not ways:
        return about.attention(NAME, NOBODY, NAME_SOMEBODY)
    if any(isinstance(way, Mail) for way in ways) and not settings.ALERTS_EMAIL_URL:
        return about.problem(NAME, "e-mail is named, and no mail server", NAME_A_SERVER)
    if contact is None or contact.alerts_checked_at is None:
        return about.attention(NAME, "not tried yet", "Check now.")
    found = f"{contact.alerts_finding} (checked {ago(contact.alerts_checked_at, now)})"
    if contact.alerts_arrive:
        return about.good(NAME, found)
    return about.problem(NAME, found, "Correct Alerts on the label's page, or the server.")


def try_alerts(label: Label) -> Connection | None:
    """Signs in at the mail server and writes nobody; posts a test to the webhook. None where the
    label names nobody."""
    try:
        ways = list(ways_of(label))
    except Undecryptable:
        return None
    trial, found, arrives = trial_of(label.slug, label.name), [], True
    for way in ways:
        try:
            found.append(f"{way.name}: {way.check(trial)}")
        except NotTold as problem:
            found.append(f"{way.name}: {problem}")
            arrives = False
    return Connection(is_connected=arrives, text="; ".join(found)) if ways else None
