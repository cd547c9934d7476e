"""What became of what was said about a user, as it is answered."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from gateways.api.platform.errors import PlatformError, error_json
from users.importing import ANOTHER_BRAND, TAKEN, UNKNOWN_BRAND, UNKNOWN_USER, Outcome, RowResult

CODES: Mapping[str, str] = {
    UNKNOWN_BRAND: "unknown_brand",
    ANOTHER_BRAND: "another_brand",
    TAKEN: "another_brand",
    UNKNOWN_USER: "not_found",
}


def result_json(result: RowResult) -> dict[str, Any]:
    if result.outcome == Outcome.BAD:
        return {"error": error_json(_code(result), result.reason, result.field)}
    notes = {"notes": list(result.notes)} if result.notes else {}
    return {"outcome": result.outcome.value, **notes}


def error_of(result: RowResult) -> PlatformError:
    """The answer where nothing else was said than this."""
    is_missing = result.reason == UNKNOWN_USER
    status = HTTPStatus.NOT_FOUND if is_missing else HTTPStatus.UNPROCESSABLE_ENTITY
    return PlatformError(status, _code(result), result.reason, result.field)


def _code(result: RowResult) -> str:
    return CODES.get(result.reason, "invalid")
