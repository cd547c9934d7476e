"""The key ring: what seals, what is still needed, what may go."""

from collections.abc import Iterator
from datetime import datetime

from gateway_project.checks import MISFITS
from gateway_project.lib.clock import database_now
from gateway_project.lib.crypto import key_ring
from gateway_project.operations.doctor.ages import ago
from gateway_project.operations.doctor.findings import About, Finding
from gateways.key_usage import misfits
from gateways.models import KeyTask, UsedKey
from gateways.rotating import QUIET

ROTATE = "Run: manage.py rotate_keys. docs/keys.md tells the whole way."
RESTART = "Restart every process with the present PII_KEYS, and run: manage.py rotate_keys"


def ring(about: About) -> Iterator[Finding]:
    """A line for each key of the ring, and one for each that is missing."""
    for misfit in misfits():
        text, remedy, _ = MISFITS[misfit.fault]
        yield about.problem(_name(misfit.key_id), text.format(misfit.key_id), remedy)
    in_use = {used.key_id: used for used in UsedKey.objects.filter(task=KeyTask.SEALS)}
    first, *others = key_ring().ids
    yield _first(about, first, in_use.get(first))
    for key_id in others:
        yield _other(about, key_id, in_use.get(key_id), database_now())


def _first(about: About, key_id: str, used: UsedKey | None) -> Finding:
    if used is None:
        return about.note(_name(key_id), "first on the ring; nothing is sealed with it yet")
    return about.good(_name(key_id), f"first on the ring: it seals, since {used.first_used_at:%F}")


def _other(about: About, key_id: str, used: UsedKey | None, now: datetime) -> Finding:
    name = _name(key_id)
    if used is None:
        return about.note(name, "not in use yet")
    if used.retired_at:
        return about.note(name, "needed for no row: it may be taken off the ring")
    if used.last_used_at > now - QUIET:
        return about.attention(name, "not the first, and some process seals with it", RESTART)
    if used.rows_left is None or used.counted_at is None:
        return about.attention(name, "still needed for rows that it has sealed", ROTATE)
    counted = f"{used.rows_left:,} rows, counted {ago(used.counted_at, now)}"
    return about.attention(name, f"still needed for {counted}", ROTATE)


def _name(key_id: str) -> str:
    return f"Key {key_id}" if key_id else "Index key"
