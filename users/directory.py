"""From the id that Smartico uses to the end user, wherever the label's users are."""

from collections.abc import Iterable

from django.db.models import Q

from gateway_project.lib.identifiers import read_id
from gateways.values import LabelValues
from users.directories.copies import copy_of
from users.ids import stored_id
from users.models import EndUser


def find(label: LabelValues, ext_user_id: str) -> EndUser | None:
    """The label's user of this id, or None; no trimming, no other case.

    One SELECT where the users are stored. Another directory is asked, and DirectoryDown raised
    where it does not answer.
    """
    known_as = stored_id(label.user_ids, ext_user_id)
    if label.directory is not None:
        return copy_of(label, known_as)
    try:
        return EndUser.objects.get(label_id=label.id, ext_user_id=known_as)
    except EndUser.DoesNotExist:
        return None


def users_known_as(text: str, labels: Iterable[LabelValues]) -> list[EndUser]:
    """Each label's user of this id, by the label's own rule; or the one user of whom it is ours."""
    label_ids_by_id: dict[str, list[int]] = {}
    for label in labels:
        label_ids_by_id.setdefault(stored_id(label.user_ids, text), []).append(label.id)
    sought = Q(pk=read_id(text), label_id__in=[n for ids in label_ids_by_id.values() for n in ids])
    for known_as, label_ids in label_ids_by_id.items():
        sought |= Q(label_id__in=label_ids, ext_user_id=known_as)
    return list(EndUser.objects.filter(sought).select_related("label", "brand").order_by("pk"))
