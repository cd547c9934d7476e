"""A request that comes twice under one `Idempotency-Key` is done once, and answered alike.

Rows of the database decide who is first, so it holds over all processes.
"""

import json
import logging
import re
from collections.abc import Iterable
from datetime import timedelta
from http import HTTPStatus

from django.db import DatabaseError, InterfaceError
from django.db.models import QuerySet
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from gateway_project.lib.clock import database_now
from gateway_project.lib.crypto import Undecryptable, keyed_digest
from gateway_project.lib.transactions import writing
from gateways.api.platform.bodies import bytes_of
from gateways.api.platform.errors import PlatformError
from gateways.models import KeptAnswer
from gateways.values import KeyValues

logger = logging.getLogger(__name__)

HEADER, REPLAYED = "Idempotency-Key", "Idempotency-Replayed"
NAME = re.compile(r"[\x21-\x7e]{1,255}")
CHANGING = ("POST", "PATCH", "DELETE")
KEPT = timedelta(hours=24)
LEASE = timedelta(minutes=2)
"""More than any request takes: who has not answered by then was lost, and the next does it."""
BATCH = 1_000


class AnsweredBefore(Exception):
    """The request was answered already: `response` says the same again."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


class PassingAnswer(Response):
    """One of which a part may be another soon: who repeats the request is not told it again."""


class Turn:
    """The first request of its name, at work."""

    def __init__(self, row: KeptAnswer) -> None:
        self._row = row

    @property
    def request(self) -> str:
        """The same at every try of this request, as long as its name is kept. What a try has done
        may be known by it, if it was lost before it could answer."""
        return str(self._row.pk)

    def keep(self, response: Response) -> None:
        """For who asks again. What went wrong on our side may go well the next time."""
        try:
            with writing():
                is_broken = response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
                if is_broken or isinstance(response, PassingAnswer):
                    self._pass_on()
                else:
                    self._write(response)
        except (DatabaseError, InterfaceError) as error:
            logger.warning("an answer was not kept: %s", type(error).__name__)

    def _pass_on(self) -> None:
        """The next has the turn at once. The row stays: who was told of trouble may have been told
        wrong, and what was done is known by it."""
        self._row.lease_until = self._row.created_at
        self._row.save(update_fields=["lease_until"])

    def _write(self, response: Response) -> None:
        self._row.status = response.status_code
        if response.data is not None:
            self._row.body = JSONRenderer().render(response.data).decode()
        self._row.save(update_fields=["status", "body"])


def turn_of(request: Request, key: KeyValues, about: str | None) -> Turn | None:
    """The turn of a request that changes something and has a name; None for any other.

    `about` is the `ext_user_id` in its path, if there is one. Raises AnsweredBefore, and
    PlatformError where the first is still at work or was another request.
    """
    name = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if name is None or request.method not in CHANGING:
        return None
    if NAME.fullmatch(name) is None:
        text = f"{HEADER} is 1 to 255 visible ASCII characters."
        raise PlatformError(HTTPStatus.BAD_REQUEST, "invalid", text, HEADER)
    asked = _asked(request, key, name, about)
    with writing():
        return _turn(asked)


def answers_about(label_id: int, ext_user_ids: Iterable[str]) -> "QuerySet[KeptAnswer]":
    """What is kept of that and may name the users."""
    digests = [_user_digest(label_id, each) for each in ext_user_ids]
    return KeptAnswer.objects.filter(user_digest__in=digests, status__isnull=False)


def forget_answers_about(label_id: int, ext_user_ids: Iterable[str]) -> None:
    """Runs inside the transaction that erases the users."""
    answers_about(label_id, ext_user_ids).delete()


def forget_answers() -> int:
    """Ends those that are older than a day; answers how many."""
    old = KeptAnswer.objects.filter(created_at__lte=database_now() - KEPT)
    if not old.exists():
        return 0
    with writing():
        ids = list(old.values_list("pk", flat=True)[:BATCH])
        return KeptAnswer.objects.filter(pk__in=ids).delete()[0]


def _asked(request: Request, key: KeyValues, name: str, about: str | None) -> KeptAnswer:
    now = database_now()
    asked = (request.method, request.get_full_path(), request.META.get("CONTENT_TYPE", ""))
    return KeptAnswer(
        key_id=key.id,
        name_digest=keyed_digest(name, purpose="idempotency-key"),
        request_digest=keyed_digest(
            "\n".join(map(str, asked)).encode() + b"\n" + bytes_of(request), purpose="request"
        ),
        user_digest=None if about is None else _user_digest(key.label_id, about),
        lease_until=now + LEASE,
        created_at=now,
    )


def _turn(asked: KeptAnswer) -> Turn:
    """The insert itself decides who is first."""
    named = KeptAnswer.objects.filter(key=asked.key_id, name_digest=asked.name_digest)
    named.filter(created_at__lte=asked.created_at - KEPT).delete()
    KeptAnswer.objects.bulk_create([asked], ignore_conflicts=True)
    first = named.select_for_update().first()
    if first is None:  # just now forgotten
        raise _still_at_work()
    return Turn(first) if first.pk == asked.pk else _second(first, asked)


def _second(first: KeptAnswer, asked: KeptAnswer) -> Turn:
    """What there is for one who is not the first: his turn only where the first was lost."""
    if first.request_digest != asked.request_digest:
        text = f"The {HEADER} was another request's: take a new one."
        raise PlatformError(HTTPStatus.UNPROCESSABLE_ENTITY, "another_request", text, HEADER)
    if first.status is not None:
        raise AnsweredBefore(_again(first, first.status))
    if first.lease_until > asked.created_at:
        raise _still_at_work()
    first.lease_until = asked.lease_until
    first.save(update_fields=["lease_until"])
    return Turn(first)


def _still_at_work() -> PlatformError:
    text = "The same request is still at work: try again."
    return PlatformError(HTTPStatus.CONFLICT, "still_at_work", text, HEADER, is_passing=True)


def _again(first: KeptAnswer, status: int) -> Response:
    try:
        said = None if first.body is None else json.loads(first.body.reveal())
    except Undecryptable:
        text = "It was done, but what was answered does not open any more: read what it changed."
        raise PlatformError(HTTPStatus.CONFLICT, "done_before", text, HEADER) from None
    return Response(said, status=status, headers={REPLAYED: "true"})


def _user_digest(label_id: int, ext_user_id: str) -> str:
    return keyed_digest(f"{label_id}:{ext_user_id}", purpose="answer-about-user")
