"""What the settings of an HTTP API of one's own need of each other."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from gateway_project.lib.transport import FRAMING_HEADERS
from gateways.providers.placeholders import (
    CREDENTIAL,
    OUR_ID,
    PLACEHOLDER,
    problem_in,
    secret_places,
)
from gateways.providers.proofs import (
    BASIC,
    DIGESTS,
    NEEDS_HEADER,
    STANDARD,
    TOKEN,
    is_standard_secret,
)

SECRET_OF: Mapping[str, tuple[str, ...]] = {
    "none": (),
    "header": ("auth_header", "secret"),
    "basic": ("username", "secret"),
    "bearer": ("secret",),
    "request": ("secret",),
}
"""By authentication: what has to be given."""
SIGNATURES = frozenset({STANDARD, *DIGESTS})
Given = Mapping[str, Any]


def problems_in(given: Given) -> Iterable[tuple[str, str]]:
    """What is wrong, by field, with settings each of which is good by itself."""
    yield from _authentication(given)
    yield from _content(given)
    yield from _answer(given)
    yield from _webhooks(given)
    yield from _lookup(given)


def _authentication(given: Given) -> Iterable[tuple[str, str]]:
    auth = given["auth"]
    yield from _missing(given, *SECRET_OF[auth], because="for this authentication")
    is_within = any(secret_places(given[name]) for name in ("url", "body", "headers", "lookup_url"))
    if is_within and "secret" not in SECRET_OF[auth]:
        yield from _missing(given, "secret", because="for its placeholder")
    if auth == "request" and not is_within:
        yield "auth", "Put {{ secret }} into the URL, the body or a header."
    ours = {"basic": "Authorization", "bearer": "Authorization"}.get(
        auth, given["auth_header"] if auth == "header" else ""
    )
    set_by_us = {
        *FRAMING_HEADERS,
        "content-type",
        ours.lower(),
        given["idempotency_header"].lower(),
    }
    if any(name.lower() in set_by_us for name in given["headers"]):
        yield "headers", "One of them is set by the gateway itself: leave it out."
    for name in ("auth_header", "idempotency_header"):
        if given[name].lower() in FRAMING_HEADERS | {"content-type"}:
            yield name, "This header is set by the gateway itself."


def _content(given: Given) -> Iterable[tuple[str, str]]:
    kind, body = given["body_kind"], given["body"]
    if kind == "none":
        return
    if given["method"] == "GET":
        yield "body_kind", "A GET has no body: put placeholders into the URL, and choose None."
    yield from _missing(given, "body", because="for this kind of body")
    if kind == "form" and body and not _is_flat(body):
        yield "body", 'For a form one object of texts is expected: {"to": "{{ recipient }}"}.'


def _answer(given: Given) -> Iterable[tuple[str, str]]:
    if given["success_path"]:
        yield from _missing(given, "success_values", because="for the value that says yes")
    if given["id_path"] and given["id_header"]:
        yield "id_header", "Their id stands either in the answer's JSON or in a header."
    words = given["errors_table"]
    if any(not _is_status(word) for word in words):
        yield from _missing(given, "error_path", because="for words in the table of errors")


def _webhooks(given: Given) -> Iterable[tuple[str, str]]:
    proof, secret = given["webhook_proof"], given["webhook_secret"]
    if proof != TOKEN:
        yield from _missing(given, "webhook_secret", because="for this proof")
    if proof in NEEDS_HEADER:
        yield from _missing(given, "webhook_header", because="for this proof")
    if proof == BASIC:
        yield from _missing(given, "webhook_username", because="for this proof")
    if given["report_method"] and proof in SIGNATURES:
        yield (
            "webhook_proof",
            "A report by GET has no body to sign: choose a header, Basic or none.",
        )
    if proof == STANDARD and secret and not is_standard_secret(secret):
        yield "webhook_secret", "A secret of Standard Webhooks is Base64, often after whsec_."
    if given["status_path"] and not any(
        given[name] for name in ("message_id_path", "provider_id_path", "recipient_path")
    ):
        yield "message_id_path", "Say where a report names its message: our id or theirs."
    if given["challenge_token_parameter"]:
        yield from _missing(given, "challenge_token", because="for its parameter")


def _lookup(given: Given) -> Iterable[tuple[str, str]]:
    if not given["lookup_url"]:
        return
    if problem := problem_in(given["lookup_url"], frozenset({OUR_ID, CREDENTIAL})):
        yield "lookup_url", problem
    elif OUR_ID not in PLACEHOLDER.findall(given["lookup_url"]):
        yield "lookup_url", "Put {{ message.id }} into it: that is whom the API is asked for."
    yield from _missing(given, "status_path", because="for the lookup's answer")


def _missing(given: Given, *names: str, because: str) -> Iterable[tuple[str, str]]:
    for name in names:
        if not given[name]:
            yield name, f"This is needed {because}."


def _is_flat(body: object) -> bool:
    return isinstance(body, dict) and not any(
        isinstance(each, dict | list) for each in body.values()
    )


def _is_status(word: str) -> bool:
    return bool(re.fullmatch(r"(?i:http )[1-5]\d\d", word))
