"""The stored directory: from the id that Smartico uses to the end user."""

from collections.abc import Mapping
from typing import Any

from gateways.configuration import LabelValues
from users.models import EndUser


def find(label: LabelValues, ext_user_id: str) -> EndUser | None:
    """The label's user of this id, or None. One SELECT; no trimming, no other case."""
    known_as = stored_id(label.user_ids, ext_user_id)
    try:
        return EndUser.objects.get(label_id=label.id, ext_user_id=known_as)
    except EndUser.DoesNotExist:
        return None


def stored_id(user_ids: Mapping[str, Any], ext_user_id: str) -> str:
    """The id as the platform stores it, by the label's `user_ids`: {} is exact."""
    return ext_user_id.removeprefix(user_ids.get("strip_prefix", "")) or ext_user_id
