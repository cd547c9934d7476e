"""All that is kept of one end user, for the person who asks for it (GDPR, article 15)."""

from typing import Any, cast

from gateway_project.lib.clock import database_now
from gateway_project.lib.crypto import Undecryptable
from gateway_project.lib.personal import Personal
from gateway_project.lib.redaction import scrub
from gateway_project.lib.transactions import writing
from gateway_project.lib.vocabulary import Channel
from gateways.api.platform.repeats import answers_about
from gateways.auditing import record
from gateways.models import Action, AuditEntry
from gateways.models.audit import REASON_LENGTH
from users.models import EndUser, Lifting, Suppression
from users.signals import end_user_exported

UNREADABLE = "cannot be decrypted"


def export(user: EndUser, actor: Any, reason: str) -> dict[str, Any]:
    """The person's data as JSON values: profile, suppressions, and sections of the other floors.

    Written down, as done by `actor`, before anything is read.
    """
    with writing():
        kept = scrub(reason.strip(), kept=REASON_LENGTH)
        record(actor, Action.EXPORTED, user, reason=kept)
    told: dict[str, Any] = {
        "exported_at": database_now().isoformat(),
        "label": user.label.slug,
        "profile": _profile(user),
        "suppressions": _suppressions(user),
        "lifted_suppressions": _liftings(user),
        "kept_answers": _answers(user),
        "deeds": _deeds(user),
    }
    for _, sections in end_user_exported.send(EndUser, end_user=user):
        told |= cast("dict[str, Any]", sections)
    return told


def shown(value: Personal | None) -> Any:
    """A sealed value in the open; a word where no key opens it."""
    try:
        return value.reveal() if value is not None else None
    except Undecryptable:
        return UNREADABLE


def _profile(user: EndUser) -> dict[str, Any]:
    return {
        "ext_user_id": user.ext_user_id,
        "brand": user.brand.slug if user.brand else None,
        "email": shown(user.email),
        "phone": shown(user.phone),
        "properties": shown(user.sealed_properties) or {},
        "created_at": user.created_at.isoformat(),
        "updated_at": user.updated_at.isoformat(),
    }


def _suppressions(user: EndUser) -> list[dict[str, str]]:
    return [
        {"channel": row.channel, "reason": row.reason, "since": row.created_at.isoformat()}
        for row in _of_their_addresses(user, Suppression.objects.order_by("created_at"))
    ]


def _liftings(user: EndUser) -> list[dict[str, str]]:
    return [
        {
            "channel": row.channel,
            "reason": row.reason,
            "since": row.suppressed_at.isoformat(),
            "until": row.lifted_at.isoformat(),
        }
        for row in _of_their_addresses(user, Lifting.objects.order_by("lifted_at"))
    ]


def _answers(user: EndUser) -> list[dict[str, Any]]:
    """What the platform was answered about them under a name, for it might ask again."""
    return [
        {"at": row.created_at.isoformat(), "status": row.status, "answer": shown(row.body)}
        for row in answers_about(user.label_id, [user.ext_user_id]).order_by("pk")
    ]


def _deeds(user: EndUser) -> list[dict[str, str]]:
    """What the audit knows was done about them, and when. By whom is somebody else's matter."""
    rows = AuditEntry.objects.filter(subject_type=user._meta.label_lower, subject_id=str(user.pk))
    return [{"action": row.action, "at": row.at.isoformat()} for row in rows.order_by("at", "pk")]


def _of_their_addresses(user: EndUser, rows: Any) -> list[Any]:
    """Those of the rows that are about an address which the user has on that very channel."""
    by_index = {channel: user.address_index(channel) for channel in Channel.values}
    indexes = {index for index in by_index.values() if index}
    found = rows.filter(label=user.label_id, address_index__in=indexes)
    return [row for row in found if row.address_index == by_index[row.channel]]
