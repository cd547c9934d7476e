"""What a Custom IM template comes to: a sample, a JSON Schema and a ticket that asks for it. Pure.

Source: "Process of setting up Custom IM" in "Secured Messaging Gateways (Email/SMS/IM)".
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateways.extensions import BOOLEANS
from gateways.models.label import ExtensionPolicy
from gateways.models.template import FieldType
from gateways.sample_requests import CALLBACK_URL, sample_custom_im
from gateways.values import FieldValues

DIALECT = "https://json-schema.org/draft/2020-12/schema"
HTTPS_URL = r"^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?([/?#]\S*)?$"
ABSENT = ("", None)
"""What an optional field may be instead of having a value."""
KINDS = {
    FieldType.TEXT: "simple text",
    FieldType.CHOICE: "predefined options",
    FieldType.BOOLEAN: "Boolean flag (true or false)",
    FieldType.MEDIA: "media asset (an https URL)",
}
"""The four kinds in Smartico's words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """A template that is designed, and what of its label belongs into the ticket."""

    name: str
    label: str
    url: str
    statuses: Sequence[str]
    extension_policy: str
    fields: Sequence[FieldValues]


def sample_extension(fields: Sequence[FieldValues]) -> dict[str, Any]:
    """A value for each field that the gateway accepts."""
    return {field.name: SAMPLES[FieldType(field.type)](field) for field in fields}


def sample_payload(fields: Sequence[FieldValues]) -> str:
    """The whole Custom IM request as JSON, as Smartico's document shows one."""
    return as_json(sample_custom_im(sample_extension(fields), callback_url=CALLBACK_URL))


def extension_schema(design: Design) -> dict[str, Any]:
    """The JSON Schema of `extension`: what it accepts, the gateway accepts."""
    return {
        "$schema": DIALECT,
        "title": design.name,
        "type": "object",
        "properties": {field.name: _property(field) for field in design.fields},
        "required": [field.name for field in design.fields if field.required],
        "additionalProperties": design.extension_policy != ExtensionPolicy.REFUSE,
    }


def ticket(design: Design) -> str:
    """The text in which Smartico is asked to enable the fields."""
    return TICKET.format(
        name=design.name,
        label=design.label,
        url=design.url,
        fields="\n".join(_line(number, field) for number, field in enumerate(design.fields, 1)),
        sample=sample_payload(design.fields),
        statuses=", ".join(design.statuses),
    )


def as_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _line(number: int, field: FieldValues) -> str:
    need = "required" if field.required else "optional"
    kind = KINDS[FieldType(field.type)]
    options = f": {', '.join(field.choices)}" if field.choices else ""
    return f"{number}. {field.name} - {kind}{options} - {need}"


def _property(field: FieldValues) -> dict[str, Any]:
    return SCHEMAS[FieldType(field.type)](field)


def _text_schema(field: FieldValues) -> dict[str, Any]:
    return {"type": "string", "minLength": 1} if field.required else {"type": ["string", "null"]}


def _choice_schema(field: FieldValues) -> dict[str, Any]:
    return {"enum": [*field.choices, *_absent(field)]}


def _boolean_schema(field: FieldValues) -> dict[str, Any]:
    return {"enum": [*BOOLEANS, *_absent(field)]}


def _media_schema(field: FieldValues) -> dict[str, Any]:
    url = {"type": "string", "format": "uri", "pattern": HTTPS_URL}
    return url if field.required else {"anyOf": [url, {"enum": list(ABSENT)}]}


def _absent(field: FieldValues) -> Sequence[Any]:
    return () if field.required else ABSENT


SAMPLES: Mapping[FieldType, Callable[[FieldValues], Any]] = {
    FieldType.TEXT: lambda field: f"Text of {field.name}",
    FieldType.CHOICE: lambda field: field.choices[0],
    FieldType.BOOLEAN: lambda field: True,
    FieldType.MEDIA: lambda field: "https://cdn.example.com/picture.png",
}
SCHEMAS: Mapping[FieldType, Callable[[FieldValues], dict[str, Any]]] = {
    FieldType.TEXT: _text_schema,
    FieldType.CHOICE: _choice_schema,
    FieldType.BOOLEAN: _boolean_schema,
    FieldType.MEDIA: _media_schema,
}
TICKET = """\
Subject: Custom IM template "{name}" for {label}: please enable its fields

Hello,

please define a Custom IM template for our label {label} and enable these fields for it, as in \
"Process of setting up Custom IM", step 2.

Template: {name}

Fields of "extension", beside the body of the message:
{fields}

Our API for it:
- URL: {url}
- Method: POST, a JSON body
- Authorization: a secret value that we set in the BackOffice ourselves

A request would look like this:

{sample}

Each request is answered with error_code and ext_message_id at once. Statuses are reported by \
GET to the callback_url of the request, with type=cim and api_key: {statuses}.

Please tell us which host the callback_url of these requests will name.

Thank you
"""
