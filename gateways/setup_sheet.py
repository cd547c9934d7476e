"""What is typed into Smartico's BackOffice for a label, and calls to try it out. Pure.

Source: "Secured Messaging Gateways (Email/SMS/IM)" and "Process of setting up Custom IM".
"""

import json
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gateway_project.lib.vocabulary import CALLBACK_TYPES, PHONE_CHANNELS, Channel
from gateways.sample_requests import (
    path_of,
    sample_custom_im,
    sample_email,
    sample_instant_message,
    sample_preview,
)
from gateways.template_sample import sample_extension
from gateways.values import GatewayValues, LabelValues, TemplateValues

USER_ID = "<ext_user_id>"
PREVIEW_ADDRESS = "<to_email_address>"
CALLBACK_URL = "<callback_url>"
SECRET = "<Authorization>"  # noqa: S105  a place for one
UNIQUE = "<uid>"
"""Places in a call that are filled in the browser or by the shell."""
MOMENT = "'$(date +%s)-$RANDOM'"
"""The shell's own, outside the quotes: each pasted call is a message of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where one channel, or one Custom IM template, is posted to."""

    title: str
    url: str
    callback_type: str
    is_served: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A command that posts one request. It holds no secret; `command` puts one in."""

    title: str
    url: str
    headers: Sequence[str]
    body: dict[str, Any]

    def command(self, secret: str = SECRET) -> str:
        """The lines for a shell, with places for what only the operator knows."""
        headers = [f"Authorization: {secret}", "Content-Type: application/json", *self.headers]
        body = json.dumps(self.body, ensure_ascii=False, indent=2).replace("'", "'\\''")
        parts = [
            f"curl -sS -X POST {shlex.quote(self.url)}",
            *(f"-H '{header}'" for header in headers),
            f"--data-raw '{body.replace(UNIQUE, MOMENT)}'",
        ]
        return " \\\n  ".join(parts)


def addresses(label: LabelValues, public_url: str) -> list[Address]:
    """All of them: those that a gateway serves come first."""
    served = {gateway.channel for gateway in label.gateways}
    found = [
        Address(
            title=title,
            url=f"{public_url}{path_of(channel, slug)}",
            callback_type=CALLBACK_TYPES[channel],
            is_served=channel in served,
        )
        for channel, title, slug in _places(label)
    ]
    return sorted(found, key=lambda address: not address.is_served)


def calls(label: LabelValues, public_url: str) -> list[Call]:
    """A call for each address that is served, and one for a preview mail."""
    served = {gateway.channel for gateway in label.gateways}
    return [
        Call(title=title, url=f"{public_url}{path}", headers=_required_headers(label), body=body)
        for channel, title, path, body in _requests(label)
        if channel in served
    ]


def header_names(label: LabelValues) -> list[str]:
    """The headers that the label asks for beside Authorization; their values are secret."""
    return list(label.required_headers.reveal()) if label.required_headers else []


def needs_callback_url(label: LabelValues) -> bool:
    """Whether a request must name one itself."""
    return label.callback_url is None


def _places(label: LabelValues) -> Iterator[tuple[Channel, str, str]]:
    """Channel, title and template slug of each address."""
    for channel in Channel:
        if channel != Channel.CUSTOM_IM or not label.templates:
            yield channel, str(channel.label), ""
    for slug in label.templates:
        yield Channel.CUSTOM_IM, f"{Channel.CUSTOM_IM.label}: {slug}", slug


def _requests(label: LabelValues) -> Iterator[tuple[Channel, str, str, dict[str, Any]]]:
    """Channel, title, path and body of each call."""
    url = CALLBACK_URL if needs_callback_url(label) else ""
    common = {"ext_user_id": USER_ID, "uid": f"sheet-{UNIQUE}", "callback_url": url}
    mail = {**common, "sender": _sender(label)}
    for channel, title, slug in _places(label):
        path = path_of(channel, slug)
        if channel == Channel.EMAIL:
            yield channel, title, path, sample_email(**mail)
            preview = sample_preview(address=PREVIEW_ADDRESS, **mail)
            yield channel, "Preview mail", path, preview
        elif channel in PHONE_CHANNELS:
            yield channel, title, path, sample_instant_message(**common)
        else:
            extension = _extension(label.templates.get(slug))
            yield channel, title, path, sample_custom_im(extension, **common)


def _extension(template: TemplateValues | None) -> dict[str, Any]:
    return sample_extension(template.fields) if template else {}


def _required_headers(label: LabelValues) -> list[str]:
    return [f"{name}: <{name}>" for name in header_names(label)]


def _sender(label: LabelValues) -> str:
    """None where the gateways have a default; else one of a domain of the operator's."""
    mail = [gateway for gateway in label.gateways if gateway.channel == Channel.EMAIL]
    if all(map(_has_default, mail)):
        return ""
    return f"noreply@{next(iter(label.preview_domains), 'example.com')}"


def _has_default(gateway: GatewayValues) -> bool:
    return bool(gateway.from_default or gateway.from_allowed)
