"""The label and the reason that a command about an end user is given."""

from django.core.management.base import CommandError

from gateway_project.lib.confirming import SHORTEST_REASON
from gateways.models import Label


def label_named(slug: str) -> Label:
    """Raises CommandError where there is none."""
    label = Label.objects.filter(slug=slug).first()
    if label is None:
        raise CommandError(f"There is no label {slug!r}.")
    return label


def reason_given(text: str, *, is_needed: bool = False) -> str:
    """Raises CommandError where one is needed and it says too little."""
    if is_needed and len(text.strip()) < SHORTEST_REASON:
        raise CommandError(f"Say why with --reason, in at least {SHORTEST_REASON} characters.")
    return text
