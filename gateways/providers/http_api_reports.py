"""Delivery reports of an HTTP API whose operator said where in them everything stands."""

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from gateway_project.lib.lenient_json import read_answer
from gateway_project.lib.personal import Personal
from gateway_project.lib.vocabulary import Status
from gateways.providers.http_api_form import IGNORE
from gateways.providers.lookups import as_word, looked_up
from gateways.providers.values import (
    SMARTICO_WORDS,
    StatusUpdate,
    WebhookAnswer,
    WebhookRequest,
    identifier,
    spoken,
)

MILLISECONDS = 100_000_000_000
"""Unix times above it count milliseconds: in seconds it is the year 5138."""
LONGEST_CHALLENGE = 1_000
MOST_FIELDS = 1_000
Config = Mapping[str, Any]


def reports_in(request: WebhookRequest, config: Config) -> list[StatusUpdate]:
    """The reports in a webhook, but for those to be ignored. ValueError where it is unreadable."""
    document = document_of(request)
    path = config.get("reports_path")
    found = looked_up(path, document) if path else document
    if found is None:
        raise ValueError("there is no list of reports where it should stand")
    read = (_report(each, config) for each in (found if isinstance(found, list) else [found]))
    return [update for update in read if update is not None]


def document_of(request: WebhookRequest) -> object:
    """The webhook's body as JSON has it; a form's fields by their names."""
    text = request.body.decode("utf-8", "replace")
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS))
    document = read_answer(text)
    if document is None:
        raise ValueError("the body is not JSON")
    return document


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
    return StatusUpdate(
        status=Status(meaning) if meaning else None,
        message_id=identifier(_at("message_id_path", told, config)),
        provider_id=identifier(_at("provider_id_path", told, config)),
        word=word,
        detail=as_word(_at("reason_path", told, config)),
        occurred_at=_moment(_at("time_path", told, config)),
        recipient=_recipient(_at("recipient_path", told, config)),
    )


def _at(name: str, told: object, config: Config) -> Any:
    return looked_up(config.get(name), told)


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
