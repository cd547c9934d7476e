"""The requests that the page offers, as this label would be sent them. Pure."""

from collections.abc import Iterator
from typing import Any

from gateway_project.lib.vocabulary import Channel
from gateways.sample_requests import (
    path_of,
    sample_custom_im,
    sample_email,
    sample_instant_message,
)
from gateways.template_sample import sample_extension
from gateways.values import LabelValues

WITHOUT_IDS = {"ext_user_id": "", "uid": ""}
"""They are filled in by the browser, anew for each request."""


def kinds_of(label: LabelValues) -> list[dict[str, Any]]:
    """Each kind of request: its title, its path, the name of its uid, and a good body."""
    return list(_kinds(label))


def callback_url_for(label: LabelValues) -> str:
    """A URL at the first host of the label's list; empty where the label has a default of its own.

    The default itself is not shown: it may carry a secret.
    """
    if label.callback_url is not None:
        return ""
    host = next((entry for entry in label.callback_hosts if "*" not in entry), "")
    return f"{host if '://' in host or not host else f'https://{host}'}/callback" if host else ""


def _kinds(label: LabelValues) -> Iterator[dict[str, Any]]:
    for channel in Channel:
        if channel == Channel.EMAIL:
            body = sample_email(sender=_sender(label), **WITHOUT_IDS)
            yield _kind(channel.label, path_of(channel), "email_uid", body)
        elif channel != Channel.CUSTOM_IM:
            body = sample_instant_message(**WITHOUT_IDS)
            yield _kind(channel.label, path_of(channel), "im_uid", body)
    yield from _custom_im(label)


def _custom_im(label: LabelValues) -> Iterator[dict[str, Any]]:
    """One for each template; a label without templates takes any extension."""
    if not label.templates:
        body = sample_custom_im({}, **WITHOUT_IDS)
        yield _kind(Channel.CUSTOM_IM.label, path_of(Channel.CUSTOM_IM), "im_uid", body)
    for slug, template in label.templates.items():
        body = sample_custom_im(sample_extension(template.fields), **WITHOUT_IDS)
        title = f"{Channel.CUSTOM_IM.label}: {slug}"
        yield _kind(title, path_of(Channel.CUSTOM_IM, slug), "im_uid", body)


def _kind(title: str, path: str, uid: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"title": title, "path": path, "uid": uid, "body": body}


def _sender(label: LabelValues) -> str:
    """A sender that the first mail gateway allows."""
    mail = [gateway for gateway in label.gateways if gateway.channel == Channel.EMAIL]
    known = [sender for gateway in mail for sender in (gateway.from_default, *gateway.from_allowed)]
    return next((sender for sender in known if "@" in sender.lstrip("@")), "")
