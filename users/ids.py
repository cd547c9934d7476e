"""The ids of end users, as Smartico says them and as the platform stores them."""

from collections.abc import Mapping
from typing import Any


def stored_id(user_ids: Mapping[str, Any], ext_user_id: str) -> str:
    """The id as the platform stores it, by the label's `user_ids`: {} is exact."""
    return ext_user_id.removeprefix(prefix_of(user_ids)) or ext_user_id


def prefix_of(user_ids: Mapping[str, Any]) -> str:
    """What Smartico puts before the platform's ids; empty where it is nothing."""
    return str(user_ids.get("strip_prefix", ""))
