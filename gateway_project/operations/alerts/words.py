"""What a label's people are told: what is the matter, why, since when, and what to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse

from gateway_project.lib.redaction import scrub
from gateway_project.operations.alerts.standing import News, has_grown
from gateways.models import Alert, AlertKind


@dataclass(frozen=True, slots=True)
class Words:
    """`what` may name the subject."""

    what: str
    to_do: str


WORDS: Mapping[str, Words] = {
    AlertKind.GATEWAY_PAUSED: Words(
        "gateway {} is paused, its messages wait", "Mend what it says, then resume the gateway."
    ),
    AlertKind.BLAST_GUARD: Words(
        "the blast guard holds gateway {}, nothing leaves through it",
        "See what is being sent. Where it is meant to be, resume the gateway: what waits leaves.",
    ),
    AlertKind.NO_ANSWER: Words(
        "the provider of gateway {} does not answer",
        "It is tried again by itself. Ask the provider, or activate another gateway that fits.",
    ),
    AlertKind.CALLBACKS_SUSPENDED: Words(
        "Smartico is told no status any more", "Correct the api_key, then make a test call."
    ),
    AlertKind.OPT_OUTS_SUSPENDED: Words(
        "opt-outs are not told any more (listener: {})",
        "Correct the URL or the secret on the label's page, then resume telling opt-outs.",
    ),
    AlertKind.CALLBACKS_DEAD: Words(
        "callbacks are out of tries", "Replay them once Smartico listens again."
    ),
    AlertKind.CALLBACKS_MISMATCH: Words(
        "statuses are of messages that Smartico does not know",
        "Mostly the api_key of another label. Correct it, then replay.",
    ),
    AlertKind.UNKNOWN_OUTCOMES: Words(
        "nobody knows whether some messages were sent",
        "Look at the provider whether it has them: count as sent, or send again.",
    ),
    AlertKind.MESSAGES_LATE: Words(
        "messages are not being sent", "See that workers run; look at their log."
    ),
    AlertKind.CALLBACKS_LATE: Words(
        "statuses are not being told", "See that workers run; look at their log."
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """For a mail, and for a webhook. Chats that take incoming webhooks show `text`."""

    subject: str
    text: str
    body: Mapping[str, Any]


def notice_of(news: News) -> Notice:
    """One for all that is new. Holds no address and no secret."""
    rows = [*news.begun, *news.ended]
    more = f" (and {len(rows) - 1} more)" if len(rows) > 1 else ""
    subject = f"{news.label.name}: {_headline(rows[0])}{more}"
    text = "\n\n".join([subject, *map(_paragraph, rows), _admin_url()])
    return _notice(news.label.slug, "alert", subject, text, alerts=[_entry(row) for row in rows])


def trial_of(label_slug: str, label_name: str) -> Notice:
    """For the doctor: whoever gets it sees that nothing is the matter."""
    subject = f"{label_name}: a test, nothing is the matter"
    return _notice(label_slug, "test", subject, f"{subject}\n\n{_admin_url()}", alerts=[])


def _notice(label: str, type: str, subject: str, text: str, **more: Any) -> Notice:
    body = {"type": type, "label": label, "text": text, "url": _admin_url(), **more}
    return Notice(subject=f"[Gatehouse] {subject}", text=f"{text}\n", body=body)


def _headline(row: Alert) -> str:
    what = WORDS[row.kind].what.format(row.subject)
    return f"solved: {what}" if row.ended_at else what


def _paragraph(row: Alert) -> str:
    since = f"Since {row.began_at:%Y-%m-%d %H:%M} UTC"
    if row.ended_at:
        return f"- {_headline(row)}\n  {since}, until {row.ended_at:%Y-%m-%d %H:%M} UTC."
    reason = f": {_reason(row)}" if row.reason else "."
    return f"- {_headline(row)}\n  {since}{reason}\n  {WORDS[row.kind].to_do}"


def _reason(row: Alert) -> str:
    before = f", {row.told_count} when it was last told" if has_grown(row) else ""
    return f"{scrub(row.reason)}{before}"


def _entry(row: Alert) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "subject": row.subject,
        "state": "solved" if row.ended_at else "open",
        "what": _headline(row),
        "reason": _reason(row),
        "to_do": "" if row.ended_at else WORDS[row.kind].to_do,
        "began_at": row.began_at.isoformat(),
        "ended_at": row.ended_at.isoformat() if row.ended_at else None,
    }


def _admin_url() -> str:
    return f"{settings.PUBLIC_URL}{reverse('admin:index')}"
