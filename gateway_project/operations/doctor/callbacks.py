"""Whether Smartico can be told anything: a callback about a message that does not exist."""

from datetime import datetime

from callbacks import trying
from callbacks.trying import sample_url
from gateway_project.operations.doctor.ages import ago
from gateway_project.operations.doctor.findings import About, Finding
from gateways.connection import Finding as Connection
from gateways.models import LabelContact
from gateways.values import LabelValues

NAME = "Callback to Smartico"


def callback(
    about: About, label: LabelValues, contact: LabelContact | None, now: datetime
) -> Finding:
    """What the last try found."""
    if contact is not None and contact.checked_at is not None:
        found = f"{contact.finding} (checked {ago(contact.checked_at, now)})"
        if contact.is_connected:
            return about.good(NAME, found)
        return about.problem(NAME, found, "Compare the host and the api_key with Smartico's.")
    if label.callback_api_key is None or sample_url(label) is None:
        return about.note(NAME, "cannot be tried before the first request names a callback_url")
    return about.attention(NAME, "not tried yet", "Check now.")


def try_callback(label: LabelValues) -> Connection | None:
    """Makes the call; None where none can be made."""
    tried = trying.try_callback(label)
    return None if tried is None else Connection(is_connected=tried.is_taken, text=tried.text)
