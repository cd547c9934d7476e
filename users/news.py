"""News: what a row says about an end user that is not stored yet."""

import json
from collections.abc import Mapping
from typing import Any

from gateway_project.lib.crypto import Undecryptable
from gateway_project.lib.personal import Personal
from users.models import EndUser
from users.rows import ABSENT, UserRow


def news(user: EndUser, row: UserRow, brands: Mapping[str, int]) -> dict[str, Any]:
    """The attributes to set and their values; empty where the user is as the row says.

    `brands` are the ids of the label's brands by slug, the row's own among them.
    """
    said: dict[str, Any] = {}
    if row.brand is not ABSENT:
        said["brand_id"] = None if row.brand is None else brands[row.brand]
        if said["brand_id"] == user.brand_id:
            del said["brand_id"]
    for name, value in (("email", row.email), ("phone", row.phone)):
        if value is not ABSENT and not _are_alike(getattr(user, name), value):
            said[name] = value
    if row.properties is None or row.properties:
        stored = user.properties
        properties = _merged(stored, row.properties)
        if _as_json(properties) != _as_json(stored):
            said["properties"] = properties
    return said


def _are_alike(stored: Personal | None, said: Personal | None) -> bool:
    """A value that does not open is unlike any other, so that it can be put right."""
    if stored is None or said is None:
        return stored is said
    try:
        return bool(stored.reveal() == said.reveal())
    except Undecryptable:
        return False


def _merged(stored: Mapping[str, Any], said: Mapping[str, Any] | None) -> dict[str, Any]:
    if said is None:
        return {}
    return {name: value for name, value in {**stored, **said}.items() if value is not None}


def _as_json(properties: Mapping[str, Any]) -> str:
    """To compare: Python takes 1, 1.0 and True for the same."""
    return json.dumps(properties, sort_keys=True)
