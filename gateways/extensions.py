"""Checking a Custom IM `extension` against its template. Pure."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from gateway_project.lib.protocol import ErrorCode, Refused
from gateways.models.label import ExtensionPolicy
from gateways.models.template import FieldType
from gateways.values import FieldValues, TemplateValues

BOOLEANS = (True, False, "true", "false")


def check_extension(
    extension: object, template: TemplateValues | None, policy: str
) -> tuple[dict[str, Any], list[str]]:
    """The extension to relay and notes about it; Refused names the field and what it allows.

    A label without templates has a template without fields. Null is the same as absent.
    """
    given = {} if extension is None else extension
    if not isinstance(given, dict):
        raise _invalid("extension must be an object")
    known = {field.name: field for field in template.fields} if template else {}
    for field in known.values():
        _check_field(field, given.get(field.name))
    return _without_unknown(given, known, policy)


def _check_field(field: FieldValues, value: object) -> None:
    if value is None or value == "":
        if field.required:
            raise _invalid(f"extension.{field.name} is missing")
        return
    problem = CHECKS[FieldType(field.type)](field, value)
    if problem:
        raise _invalid(f"extension.{field.name} {problem}")


def _without_unknown(
    given: Mapping[str, Any], known: Mapping[str, FieldValues], policy: str
) -> tuple[dict[str, Any], list[str]]:
    unknown = [name for name in given if name not in known]
    if not unknown or policy == ExtensionPolicy.PASS:
        return dict(given), []
    if policy == ExtensionPolicy.REFUSE:
        allowed = ", ".join(known) or "none"
        raise _invalid(
            f"extension has a field that the template does not know; it knows: {allowed}"
        )
    kept = {name: value for name, value in given.items() if name in known}
    return kept, [f"{len(unknown)} extension fields unknown to the template were dropped"]


def _text_problem(field: FieldValues, value: object) -> str:
    return "" if isinstance(value, str) else "must be a text"


def _choice_problem(field: FieldValues, value: object) -> str:
    is_known = isinstance(value, str) and value in field.choices
    return "" if is_known else f"must be one of {', '.join(field.choices)}"


def _boolean_problem(field: FieldValues, value: object) -> str:
    is_boolean = isinstance(value, bool) or (isinstance(value, str) and value in BOOLEANS)
    return "" if is_boolean else "must be true or false"


def _media_problem(field: FieldValues, value: object) -> str:
    """Only that it is an https URL: nothing here fetches it."""
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
        is_https = parts is not None and parts.scheme == "https" and bool(parts.hostname)
    except ValueError:
        is_https = False
    return "" if is_https else "must be an https URL"


CHECKS: dict[FieldType, Callable[[FieldValues, object], str]] = {
    FieldType.TEXT: _text_problem,
    FieldType.CHOICE: _choice_problem,
    FieldType.BOOLEAN: _boolean_problem,
    FieldType.MEDIA: _media_problem,
}


def _invalid(text: str) -> Refused:
    return Refused(ErrorCode.EXTENSION_INVALID, text)
