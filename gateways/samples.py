"""One real webhook, laid out so that people can point at what stands where. Nothing is kept."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gateway_project.lib.redaction import scrub
from gateways.providers.errors import WebhookRefused
from gateways.providers.http_api_reports import document_of, reports_in
from gateways.providers.lookups import as_word, looked_up
from gateways.providers.values import StatusUpdate, WebhookRequest

MOST_LINES = 300
SHOWN_LENGTH = 120
PLAIN_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
JSON, FORM = "application/json", "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A value of the sample, or what holds values: its name, its scrubbed text, its JMESPath.

    `path` is empty where there is nothing to point at; of what stands in a report it begins there.
    """

    level: int
    name: str
    text: str
    path: str
    is_list: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was pasted, and what would be read from it."""

    lines: tuple[Line, ...] = ()
    is_cut: bool = False
    updates: tuple[StatusUpdate, ...] = ()
    problem: str = ""


def pasted(body: str, headers: str) -> WebhookRequest:
    """The webhook as it would have come; without a Content-Type its look decides."""
    given = dict(_headers(headers))
    given.setdefault("content-type", JSON if body.lstrip()[:1] in ("{", "[") else FORM)
    return WebhookRequest(method="POST", url="", headers=given, body=body.encode(errors="replace"))


def _headers(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if colon and name.strip():
            yield name.strip().lower(), value.strip()


def read_sample(request: WebhookRequest, config: Mapping[str, Any]) -> Reading:
    """The sample laid out, and the updates that these settings would make of it, all scrubbed."""
    try:
        document = document_of(request)
    except ValueError as problem:
        return Reading(problem=f"It cannot be read: {problem}.")
    lines = list(_lines(document, config.get("reports_path")))
    laid_out, is_cut = tuple(lines[:MOST_LINES]), len(lines) > MOST_LINES
    try:
        updates = tuple(reports_in(request, config))
    except ValueError as problem:
        return Reading(lines=laid_out, is_cut=is_cut, problem=f"Nothing would be read: {problem}.")
    return Reading(lines=laid_out, is_cut=is_cut, updates=updates)


def proof_problem(verify: Any, request: WebhookRequest) -> str:
    """Why the pasted webhook would be refused; "" if it would be let in."""
    try:
        verify(request)
    except WebhookRefused as refused:
        return str(refused)
    return ""


def _lines(document: object, reports_path: str | None) -> Iterator[Line]:
    reports = looked_up(reports_path, document) if reports_path else document
    yield from _below(document, name="", path="", level=0, reports=reports)


def _below(value: object, *, name: str, path: str, level: int, reports: object) -> Iterator[Line]:
    """The lines of a value and of what is in it. A report's own paths begin at the report."""
    shown = scrub(name, kept=SHOWN_LENGTH)
    is_shown = shown == name
    is_holder = isinstance(value, Mapping | list)
    yield Line(
        level=level,
        name=shown,
        text=_kind(value) if is_holder else _shown(value),
        path=path if is_shown else "",
        is_list=isinstance(value, list),
    )
    starts_anew = isinstance(value, list) and value is reports
    for part, step, child in _children(value):
        below = "" if starts_anew else _joined(path, step)
        yield from _below(
            child,
            name=part,
            path=below if is_shown else "",
            level=level + 1,
            reports=reports,
        )


def _children(value: object) -> Iterator[tuple[str, str, object]]:
    if isinstance(value, Mapping):
        for name, child in value.items():
            yield name, name if PLAIN_NAME.fullmatch(name) else json.dumps(name), child
    elif isinstance(value, list):
        for position, child in enumerate(value):
            yield str(position), f"[{position}]", child


def _joined(path: str, step: str) -> str:
    return f"{path}{step}" if step.startswith("[") or not path else f"{path}.{step}"


def _kind(value: object) -> str:
    size = len(value) if isinstance(value, Mapping | list) else 0
    return f"list of {size}" if isinstance(value, list) else ""


def _shown(value: object) -> str:
    return "null" if value is None else scrub(as_word(value), kept=SHOWN_LENGTH)
