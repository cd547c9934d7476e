"""Whose labels a member of staff may see."""

from typing import Any

from gateways import configuration
from gateways.models import StaffLimit
from gateways.values import LabelValues

KEPT_AS = "_label_ids"


def label_ids_of(user: Any) -> frozenset[int] | None:
    """The ids of the labels this person is limited to; None where there is no limit.

    Read once per request: it is kept on the user that the request loaded.
    """
    if not hasattr(user, KEPT_AS):
        limit = StaffLimit.objects.filter(user_id=user.pk).first()
        ids = None if limit is None else frozenset(limit.labels.values_list("pk", flat=True))
        setattr(user, KEPT_AS, ids)
    found: frozenset[int] | None = getattr(user, KEPT_AS)
    return found


def may_see_label(user: Any, label_id: int | None) -> bool:
    """Whether a row of that label may be shown. Rows of no label are for those without limit."""
    ids = label_ids_of(user)
    return ids is None or label_id in ids


def labels_of(user: Any) -> list[LabelValues]:
    """The labels this person may see, by id."""
    labels = configuration.current().labels
    return [labels[label_id] for label_id in sorted(labels) if may_see_label(user, label_id)]
