"""Drafts: gateways whose wizard is not finished. They route nothing and stand in no file.

Each wizard has its row from the start, and so its webhook URL, and a sealed place for secrets.
"""

from collections.abc import Container
from datetime import timedelta
from itertools import chain, count
from uuid import uuid4

from django.utils.text import slugify

from gateway_project.lib.clock import database_now
from gateway_project.lib.draining import skipping_locked
from gateway_project.lib.transactions import writing
from gateways.models import Gateway, Label

KEPT = timedelta(days=7)
SLUG_LENGTH = 56
"""Leaves room for a number behind it."""


def begin(label: Label, *, channel: str, provider: str) -> Gateway:
    """A new draft. Its slug is made from its name when it is finished."""
    return Gateway.objects.create(
        label=label,
        channel=channel,
        provider=provider,
        slug=f"draft-{uuid4().hex}",
        is_draft=True,
        is_active=False,
    )


def finish(draft: Gateway, *, is_active: bool) -> None:
    """Makes a gateway of a draft, in the transaction of the caller, who holds the draft's row."""
    label = Label.objects.select_for_update().get(pk=draft.label_id)
    taken = set(label.gateways.values_list("slug", flat=True))
    draft.slug = free_slug(draft.name, taken)
    draft.is_draft, draft.is_active = False, is_active
    draft.save(update_fields=["slug", "is_draft", "is_active"])


def free_slug(name: str, taken: Container[str]) -> str:
    """A slug like the name that is not taken."""
    stem = slugify(name)[:SLUG_LENGTH].strip("-_") or "gateway"
    numbered = (f"{stem}-{number}" for number in count(2))
    return next(slug for slug in chain([stem], numbered) if slug not in taken)


def discard_abandoned() -> int:
    """Deletes drafts that nobody has finished for a week; answers how many. A duty of the clock."""
    abandoned = Gateway.objects.filter(is_draft=True, created_at__lt=database_now() - KEPT)
    if not abandoned.exists():
        return 0
    with writing():
        # Locked first: one that is finished at this moment is a draft no longer.
        ids = [draft.pk for draft in skipping_locked(abandoned)]
        Gateway.objects.filter(pk__in=ids).delete()
    return len(ids)
