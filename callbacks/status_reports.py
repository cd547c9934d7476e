"""Smartico's reporting protocol, read from our side: one status told by a GET.

Source: "Secured Messaging Gateways (Email/SMS/IM)", "Reverse Integration / Delivery Statuses".
"""

from dataclasses import dataclass

from django.http import QueryDict

from gateway_project.lib.protocol import ErrorCode, Refused
from gateway_project.lib.vocabulary import CALLBACK_TYPES, Status

TYPES = sorted(set(CALLBACK_TYPES.values()))
ID_LENGTH = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """What the query says. `status` is None where `word` is none of the eight."""

    type: str
    ext_message_id: str
    status: Status | None
    word: str

    def known_status(self) -> Status:
        """The status; raises Refused where the word means none."""
        if self.status is None:
            raise Refused(ErrorCode.FIELD_INVALID, f"status is none of {', '.join(Status)}")
        return self.status

    def not_found(self) -> Refused:
        """The protocol's words for an id that means nothing here."""
        return Refused(ErrorCode.USER_NOT_FOUND, f"{self.type} was not found")


def read_report(query: QueryDict, *, type: str = "") -> StatusReport:
    """The report in the query; `type` stands in for one that is left out. Raises Refused."""
    word = _one(query, "status")
    return StatusReport(
        type=_type(query, type),
        ext_message_id=_id(query),
        status=Status(word) if word in Status.values else None,
        word=word,
    )


def _type(query: QueryDict, otherwise: str) -> str:
    given = _one(query, "type") if "type" in query or not otherwise else otherwise
    if given not in TYPES:
        raise Refused(ErrorCode.FIELD_INVALID, f"type is none of {', '.join(TYPES)}")
    return given


def _id(query: QueryDict) -> str:
    given = _one(query, "ext_message_id")
    if len(given) > ID_LENGTH:
        raise Refused(ErrorCode.FIELD_INVALID, "ext_message_id is too long")
    return given


def _one(query: QueryDict, name: str) -> str:
    given = query.getlist(name)
    if len(given) != 1 or not given[0] or not given[0].isprintable():
        raise Refused(ErrorCode.FIELD_INVALID, f"{name} must be there once, as plain text")
    return given[0]
