"""What holds the audit together: keyed digests of each entry, and of each place in the chain.

They are made with a key derived from PII_INDEX_KEY. Who has the database alone, a stolen backup or
a way to run SQL, can make neither: what they change, take out, put in or move is found. Who has the
key as well can make the chain anew; against them helps only a digest of it that is kept elsewhere.
"""

import json
from datetime import UTC
from typing import TYPE_CHECKING
from uuid import UUID

from gateway_project.lib.crypto import keyed_digest

if TYPE_CHECKING:
    from gateways.models import AuditEntry

BEFORE_THE_FIRST = ""


def entry_digest(entry: "AuditEntry") -> str:
    """Of all that the entry says, its id among it: a copy of it is no other entry."""
    said = [
        str(entry.id),
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        *(entry.actor_id, entry.actor_name, entry.action, entry.label_id),
        *(entry.subject_type, entry.subject_id, entry.subject_name),
        *(entry.reason, entry.changes),
    ]
    text = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return keyed_digest(text, purpose="audit-entry")


def seal_digest(previous: str, number: int, entry_id: UUID, digest: str) -> str:
    """Of an entry in its place: behind the seal whose digest is `previous`."""
    return keyed_digest(f"{previous}:{number}:{entry_id}:{digest}", purpose="audit-seal")


def is_genuine(entry: "AuditEntry") -> bool:
    """Whether it stands there as somebody with the key has written it."""
    return bool(entry.digest == entry_digest(entry))
