"""Cells of lists: moments to the second, ids short enough to scan and whole to copy."""

from datetime import datetime
from typing import Any

from django.template.loader import render_to_string

SHORT = 12


def moment(at: datetime | None) -> str | None:
    """In UTC, to the second."""
    return None if at is None else f"{at:%Y-%m-%d %H:%M:%S}"


def short_id(pk: Any, *, row: Any = "") -> str:
    """The id's end, which is what tells ids of one minute apart, with a button that copies all of
    it. `row` tells cells with the same id apart.
    """
    whole = str(pk)
    context = {"whole": whole, "short": whole[-SHORT:], "target": f"id-{row or whole}"}
    return render_to_string("admin/short_id.html", context)
