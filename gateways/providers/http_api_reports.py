"""Delivery reports of an HTTP API whose operator said where in them everything stands."""

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from gateway_project.lib.personal import Personal
from gateway_project.lib.vocabulary import Status
from gateways.providers.http_api_form import GET, IGNORE, PERMANENT
from gateways.providers.lookups import as_word, looked_up
from gateways.providers.values import (
    SMARTICO_WORDS,
    StatusUpdate,
    WebhookAnswer,
    WebhookRequest,
    document_in,
    few,
    identifier,
    spoken,
)

MILLISECONDS = 100_000_000_000
"""Unix times above it count milliseconds: in seconds it is the year 5138."""
LONGEST_CHALLENGE = 1_000
MOST_FIELDS = 1_000
ENDS = (Status.FAILED, Status.REJECTED)
YES = ("true", "1", "yes")
"""Nothing else: a path to a code by mistake is not to close address after address."""
Config = Mapping[str, Any]


def reports_in(request: WebhookRequest, config: Config) -> list[StatusUpdate]:
    """The reports in a webhook, but for those to be ignored. ValueError where it is unreadable."""
    document = document_of(request)
    path = config.get("reports_path")
    found = looked_up(path, document) if path else document
    if found is None:
        raise ValueError("there is no list of reports where it should stand")
    reports = few(found) if isinstance(found, list) else [found]
    read = (_report(each, config) for each in reports)
    return [update for update in read if update is not None]


def report_in(told: object, config: Config) -> StatusUpdate | None:
    """The report in a lookup's answer; None where it is one to be ignored."""
    path = config.get("lookup_path")
    return _report(looked_up(path, told) if path else told, config)


def told_by(config: Config) -> frozenset[Status]:
    """What an account learns: from the answer to a send, and from reports that it can read."""
    words = [*config.get("errors_table", {}).values()]
    if config.get("status_path"):
        words += (config.get("statuses") or SMARTICO_WORDS).values()
    named = {Status(word) for word in words if word in Status.values}
    at_fault = {Status.FAILED} if PERMANENT in words else set()
    return frozenset({Status.ACCEPTED, Status.REJECTED} | named | at_fault)


def document_of(request: WebhookRequest) -> object:
    """The webhook's body as JSON has it; a form's fields by their names, and so the query's where
    there is no body.
    """
    if request.query and not request.body:
        return dict(request.query)
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        text = request.body.decode("utf-8", "replace")
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS))
    return document_in(request.body)


def is_report(request: WebhookRequest, config: Config) -> bool:
    """Whether a GET is a report: there is something to read in it, and it is no challenge."""
    is_challenge = config.get("challenge_parameter") in request.query
    return config.get("report_method") == GET and bool(request.query) and not is_challenge


def challenge_answer(request: WebhookRequest, config: Config) -> WebhookAnswer:
    """The parameter that is to be echoed; 403 where the token beside it is not ours."""
    challenge = request.query.get(config.get("challenge_parameter") or "")
    if challenge is None:
        return WebhookAnswer()
    given = request.query.get(config.get("challenge_token_parameter") or "", "")
    expected = config.get("challenge_token") or ""
    if not hmac.compare_digest(given.encode(errors="replace"), expected.encode()):
        return WebhookAnswer(status=403)
    return WebhookAnswer(body=challenge[:LONGEST_CHALLENGE])


def _report(told: object, config: Config) -> StatusUpdate | None:
    word = spoken(as_word(_at("status_path", told, config)))
    meaning = _meaning(word, config)
    if meaning == IGNORE:
        return None
    is_permanent = meaning == PERMANENT
    status = Status.FAILED if is_permanent else Status(meaning) if meaning else None
    return StatusUpdate(
        status=status,
        message_id=identifier(_at("message_id_path", told, config)),
        provider_id=identifier(_at("provider_id_path", told, config)),
        word=word,
        detail=as_word(_at("reason_path", told, config)),
        occurred_at=_moment(_at("time_path", told, config)),
        recipient=_recipient(_at("recipient_path", told, config)),
        is_permanent=is_permanent or (status in ENDS and _is_true("permanent_path", told, config)),
    )


def _at(name: str, told: object, config: Config) -> Any:
    return looked_up(config.get(name), told)


def _is_true(name: str, told: object, config: Config) -> bool:
    return as_word(_at(name, told, config)).lower() in YES


def _meaning(word: str, config: Config) -> str | None:
    table = config.get("statuses") or SMARTICO_WORDS
    return {theirs.lower(): str(ours) for theirs, ours in table.items()}.get(word.lower())


def _moment(value: object) -> datetime | None:
    """ISO 8601 (in UTC, where it names no zone) or Unix time; None for what is neither."""
    text = as_word(value)
    try:
        number = float(text)
    except ValueError:
        return _iso(text)
    try:
        return datetime.fromtimestamp(number / (1000 if number > MILLISECONDS else 1), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _iso(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except ValueError:
        return None


def _recipient(value: object) -> Personal | None:
    """An e-mail address as it is, a number with its plus."""
    text = as_word(value)
    if not text:
        return None
    return Personal(f"+{text}" if text.isascii() and text.isdigit() else text)
