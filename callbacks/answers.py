"""What Smartico's answer to a callback means. Pure: answers and errors in, verdicts out.

The contract promises HTTP 200 with `error_code`; its own samples are not valid JSON, so the body
is read leniently, and nothing but a readable 0 counts as heard.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.db.models import TextChoices

from gateway_project.lib import schedules
from gateway_project.lib.http import HttpAnswer, TransportError
from gateway_project.lib.lenient_json import read_answer

RETRY_AFTER_CAP = 24 * 3600.0
ERROR_CODE = re.compile(r'"error_code"\s*:\s*"?\s*(-?[0-9]{1,9})(?![0-9.])')
WHOLE_NUMBER = re.compile(r"(-?[0-9]{1,9})(\.0+)?")
NOT_FOUND = re.compile(r"(?!.*key).*(\bnot|n't)\s+(be\s+)?(found|exist)", re.I | re.S)
"""About the message; words about the key are about the caller."""
NOT_FOUND_CODE = 1


class Outcome(TextChoices):
    """What one try came to; kept on the delivery attempt."""

    ACKNOWLEDGED = "acknowledged"
    NOT_FOUND = "not_found", "Not found"
    REFUSED = "refused"
    UNAUTHORISED = "unauthorised"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`detail` is in the peer's own words and must be scrubbed; `retry_after` is seconds."""

    outcome: Outcome
    detail: str = field(default="", repr=False)
    http_status: int | None = None
    retry_after: float | None = None


def judge(came: HttpAnswer | TransportError, *, now: Callable[[], datetime]) -> Verdict:
    """The verdict on an answer, or on why none came. `now` is asked where the answer names a time
    and does not say what time it is."""
    if isinstance(came, TransportError):
        return Verdict(outcome=Outcome.FAILED, detail=str(came))
    outcome, detail = _meaning(came)
    return Verdict(
        outcome=outcome,
        detail=detail,
        http_status=came.status,
        retry_after=schedules.retry_after(came.headers, now=now, cap=RETRY_AFTER_CAP),
    )


def _meaning(answer: HttpAnswer) -> tuple[Outcome, str]:
    if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return Outcome.UNAUTHORISED, f"HTTP {answer.status}"
    if 300 <= answer.status < 400:
        return Outcome.FAILED, "redirect, which is not followed"
    if not 200 <= answer.status < 300:
        return Outcome.FAILED, f"HTTP {answer.status}"
    if answer.is_cut:
        return Outcome.FAILED, "the answer is too long"
    return _meaning_of_body(answer.text)


def _meaning_of_body(text: str) -> tuple[Outcome, str]:
    code, message = _error_code(text)
    if code is None:
        return Outcome.FAILED, "the answer has no readable error_code"
    if code == 0:
        return Outcome.ACKNOWLEDGED, ""
    if code == NOT_FOUND_CODE and NOT_FOUND.match(message):
        return Outcome.NOT_FOUND, message
    return Outcome.REFUSED, f"error_code {code}: {message}"


def _error_code(text: str) -> tuple[int | None, str]:
    """The number and the words beside it; None where there is no telling."""
    answer = read_answer(text)
    if answer is None:
        return _error_code_in_broken(text), text
    if not isinstance(answer, dict):
        return None, ""
    return _whole(answer.get("error_code")), str(answer.get("error_message") or "")


def _error_code_in_broken(text: str) -> int | None:
    """Of something that begins like an object; two different numbers in it are none."""
    codes = set(ERROR_CODE.findall(text)) if text.lstrip("\ufeff \t\r\n").startswith("{") else set()
    return int(codes.pop()) if len(codes) == 1 else None


def _whole(value: Any) -> int | None:
    number = WHOLE_NUMBER.fullmatch(str(value).strip())
    return int(number[1]) if number and not isinstance(value, bool) else None
