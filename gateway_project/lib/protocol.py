"""Smartico's answer protocol: always HTTP 200, `error_code` 0 or the number of a refusal.

Source: "Secured Messaging Gateways (Email/SMS/IM)", the response sections.
"""

from enum import IntEnum
from http import HTTPStatus
from uuid import UUID

from django.http import JsonResponse


class ErrorCode(IntEnum):
    """The one table of error numbers. They are stable for ever; the README lists them."""

    text: str

    USER_NOT_FOUND = 1, "User was not found"
    NO_ADDRESS = 2, "User has no address for this channel"
    SUPPRESSED = 3, "The address is suppressed on this channel"
    NO_GATEWAY = 4, "No gateway fits this user"
    PAUSED = 5, "Sending is paused"
    NOT_AUTHORISED = 10, "Not authorised"
    CALLER_REFUSED = 11, "Caller address is not allowed"
    NO_SUCH_CALL = 12, "No such method or path: POST to a send API"
    NOT_JSON = 20, "A JSON object is expected"
    TOO_LARGE = 21, "The request is too large"
    FIELD_INVALID = 22, "A field is missing or invalid"
    CALLBACK_REFUSED = 23, "callback_url is not allowed"
    UID_REUSED = 24, "The uid was used before with other content"
    EXTENSION_INVALID = 25, "extension is invalid"
    PREVIEW_REFUSED = 26, "to_email_address is not allowed"
    CONTENT_REFUSED = 27, "The content is refused"
    RATE_LIMITED = 30, "Too many requests"
    UNAVAILABLE = 50, "Temporarily unavailable, try again"
    INTERNAL = 99, "Internal error"

    def __new__(cls, number: int, text: str) -> "ErrorCode":
        code = int.__new__(cls, number)
        code._value_ = number
        code.text = text
        return code


class Refused(Exception):
    """A request that is answered with an error number.

    `text` goes to the caller as it stands: it names fields and limits, never what they held.
    """

    def __init__(self, code: ErrorCode, text: str = "") -> None:
        super().__init__(f"refused with {int(code)}")
        self.code = code
        self.text = text or code.text


class Answer(JsonResponse):
    """An answer in the protocol: HTTP 200, whatever `error_code` says."""

    def __init__(self, error_code: int, **members: object) -> None:
        super().__init__({"error_code": error_code, **members}, status=HTTPStatus.OK)
        self.error_code = error_code
        self.ext_message_id: UUID | None = None


def accepted(ext_message_id: UUID | None = None) -> Answer:
    """`error_code` 0, with the message's id where there is one."""
    if ext_message_id is None:
        return Answer(0)
    answer = Answer(0, ext_message_id=str(ext_message_id))
    answer.ext_message_id = ext_message_id
    return answer


def refused(code: ErrorCode, text: str = "") -> Answer:
    """`error_code` above 0 and a message for a person."""
    return Answer(int(code), error_message=text or code.text)
