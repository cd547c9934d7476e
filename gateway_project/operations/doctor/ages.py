"""How long ago something was, in words."""

from datetime import datetime, timedelta

UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60))


def ago(moment: datetime, now: datetime) -> str:
    """Like "3 hours ago"."""
    said = length(now - moment)
    return f"{said} ago" if said else "just now"


def length(span: timedelta) -> str:
    """Like "3 hours"; empty for less than a minute."""
    seconds = int(span.total_seconds())
    for unit, size in UNITS:
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return ""
