"""Whose figures a person is shown: those of a chosen label, or of all that they may see."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateways.models import Label
from gateways.staff import label_ids_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """`label_ids` is None where there is no limit, not even to rows of no label."""

    user: Any
    labels: Mapping[int, str]
    """The names of the labels that may be chosen."""
    chosen: int | None
    label_ids: frozenset[int] | None

    def of(self, path: str) -> dict[str, Any]:
        """The condition on rows that `path` leads to their label's id."""
        return {} if self.label_ids is None else {f"{path}__in": self.label_ids}

    def may(self, permission: str) -> bool:
        return bool(self.user.has_perm(permission))


def sight_of(user: Any, wanted: str) -> Sight:
    """`wanted` is the id of a label; one that may not be seen, or does not exist, is no choice."""
    limit = label_ids_of(user)
    rows = Label.objects.order_by("name")
    if limit is not None:
        rows = rows.filter(pk__in=limit)
    labels = dict(rows.values_list("pk", "name"))
    chosen = next((pk for pk in labels if str(pk) == wanted), None)
    label_ids = limit if chosen is None else frozenset({chosen})
    return Sight(user=user, labels=labels, chosen=chosen, label_ids=label_ids)
