"""What is known about a message before it is written: the checks of a request, in their order."""

import logging
import re
from dataclasses import dataclass, field

from gateway_project.lib import sentinel
from gateway_project.lib.personal import Personal
from gateway_project.lib.protocol import ErrorCode, Refused
from gateway_project.lib.redaction import is_part_of
from gateway_project.lib.vocabulary import Channel
from gateways import breakers
from gateways.adapters import adapter_of, address_channel
from gateways.callback_hosts import CallbackRefused, check_callback_url
from gateways.callers import Caller
from gateways.extensions import check_extension
from gateways.routing import Route
from gateways.senders import SenderRefused, choose_reply_to, choose_sender
from gateways.values import GatewayValues, LabelValues, TemplateValues
from messages_app.fields import REPLY_TO, sender_field
from messages_app.hurdles import check_not_paused, checked_address
from messages_app.requests import SendRequest
from messages_app.routes import preferred, routed
from users.directories.base import DirectoryDown
from users.directory import Found, find_to_send
from users.missing import note_missing
from users.models import EndUser

logger = logging.getLogger(__name__)

NAMED = 80
"""Characters of a gateway's name that are kept with the reason why it was chosen."""

ORIGIN = re.compile(r"\A[^/]*//[^/?#]*")

OWN_ADDRESS_NOTE = "the text holds the user's own address"


@dataclass(slots=True, kw_only=True)
class Plan:
    """What is known about a message before it is written."""

    user: EndUser | None
    brand_id: int | None
    gateway: GatewayValues
    chosen_because: str
    callback_url: str | None = field(repr=False)
    notes: list[str]


def make_plan(caller: Caller, request: SendRequest, template: TemplateValues | None) -> Plan:
    """What to write for this request; raises Refused with the first thing that is wrong."""
    label = caller.label
    callback_url = _checked_callback_url(label, request.callback_url)
    known, user, brand_id = None, None, caller.brand_id
    if request.preview_address is not None:
        sentinel.watch(request.preview_address)
        _check_preview_domain(label, request.preview_address)
    else:
        known = _known_user(caller, request)
        user, brand_id = known.user, known.user.brand_id
        sentinel.watch(user.email, user.phone)
    check_not_paused(label, brand_id)
    notes = list(request.notes)
    if known is not None:
        notes += _address_notes(known, request)
    found = _route(label, request, user, brand_id)
    gateway = preferred(found.fits)
    _check_address_of_im(gateway, user)
    notes += _check_content(label, gateway, request, template)
    return Plan(
        user=user,
        brand_id=brand_id,
        gateway=gateway,
        chosen_because=f"{gateway.name[:NAMED]}: {_because(found, gateway)}",
        callback_url=_without_recipient(callback_url),
        notes=notes,
    )


def make_test_plan(
    caller: Caller, gateway: GatewayValues, request: SendRequest, template: TemplateValues | None
) -> Plan:
    """What to write for a test through this very gateway, of which nobody is told; raises Refused.

    Neither routing nor a pause stands in its way, but a suppression does.
    """
    known = None
    if request.preview_address is not None:
        _check_preview_domain(caller.label, request.preview_address)
    else:
        known = _found(caller.label, request)
        if known is None:
            raise Refused(ErrorCode.USER_NOT_FOUND)
    user = known.user if known is not None else None
    notes = list(request.notes)
    notes += _address_notes(known, request) if known is not None else []
    _check_address_of_im(gateway, user)
    notes += _check_content(caller.label, gateway, request, template)
    return Plan(
        user=user,
        brand_id=user.brand_id if user is not None else gateway.brand_id,
        gateway=gateway,
        chosen_because=f"{gateway.name[:NAMED]}: a test through this gateway",
        callback_url=None,
        notes=notes,
    )


def _checked_callback_url(label: LabelValues, requested: Personal | None) -> str:
    """The request's own URL, or the label's where there is none (the older contract)."""
    given = requested or label.callback_url
    if given is None:
        raise Refused(
            ErrorCode.FIELD_INVALID, "callback_url is missing, and the label has no default"
        )
    url: str = given.reveal()
    try:
        check_callback_url(url, label.callback_hosts)
    except CallbackRefused as refusal:
        logger.warning("label %s: a callback_url was refused: %s", label.slug, refusal)
        raise Refused(ErrorCode.CALLBACK_REFUSED, f"callback_url: {refusal}") from None
    return url


def _without_recipient(callback_url: str) -> str:
    """The URL as it may be called. Its host is on the label's list, whoever is called like it."""
    rest = ORIGIN.sub("", callback_url, count=1)
    origin = callback_url.removesuffix(rest)
    return origin + sentinel.passed(rest, "callback_url", replacement="redacted")


def _check_preview_domain(label: LabelValues, address: Personal) -> None:
    domain = address.reveal().rpartition("@")[2]
    if domain not in {allowed.lower() for allowed in label.preview_domains}:
        raise Refused(ErrorCode.PREVIEW_REFUSED, "to_email_address is not in a preview domain")


def _found(label: LabelValues, request: SendRequest) -> Found | None:
    try:
        return find_to_send(label, request.ext_user_id, request.channel)
    except DirectoryDown as error:
        logger.warning("label %s: its directory: %s", label.slug, error)
        raise Refused(ErrorCode.UNAVAILABLE) from None


def _known_user(caller: Caller, request: SendRequest) -> Found:
    known = _found(caller.label, request)
    if known is None:
        note_missing(caller.label, caller.brand_id, request.ext_user_id)
        raise Refused(ErrorCode.USER_NOT_FOUND)
    if caller.brand_id is not None and known.user.brand_id != caller.brand_id:
        note_missing(caller.label, caller.brand_id, request.ext_user_id)
        logger.warning("label %s: a brand's key named another brand's user", caller.label.slug)
        raise Refused(ErrorCode.USER_NOT_FOUND)
    return known


def _address_notes(known: Found, request: SendRequest) -> list[str]:
    """Checks the user's address; notes a text that repeats it."""
    address = checked_address(known.user, request.channel, is_closed=known.is_closed)
    repeats = address is not None and is_part_of(address, request.text, request.html)
    return [OWN_ADDRESS_NOTE] if repeats else []


def _check_address_of_im(gateway: GatewayValues, user: EndUser | None) -> None:
    """A Custom IM needs an address only where its gateway sends it to one."""
    if gateway.channel != Channel.CUSTOM_IM or user is None:
        return
    channel = address_channel(gateway)
    if channel is not None:
        checked_address(user, channel)


def _route(
    label: LabelValues, request: SendRequest, user: EndUser | None, brand_id: int | None
) -> Route:
    found = routed(label, request.channel, user, brand_id)
    if not found.fits:
        raise Refused(ErrorCode.NO_GATEWAY)
    return found


def _because(found: Route, gateway: GatewayValues) -> str:
    best = found.fits[0]
    if gateway is best:
        return found.because
    return f"{best.name[:NAMED]} {_why_not(best)}"


def _why_not(gateway: GatewayValues) -> str:
    if gateway.is_paused:
        return "is paused"
    return "has asked for a rest" if breakers.is_held(gateway.id) else "is not answering"


def _check_content(
    label: LabelValues,
    gateway: GatewayValues,
    request: SendRequest,
    template: TemplateValues | None,
) -> list[str]:
    """Refuses what the gateway or the template will not take; drops unknown extension fields."""
    if request.channel == Channel.CUSTOM_IM:
        extension = request.content.get("extension")
        kept, notes = check_extension(extension, template, label.extension_policy)
        if "extension" in request.content:
            request.content["extension"] = kept
    else:
        notes = _check_sender(gateway, request)
        if request.channel == Channel.EMAIL:
            notes += _check_reply_to(gateway, request)
    problem = adapter_of(gateway).content_problem(request.channel, request.text, request.html)
    if problem:
        raise Refused(ErrorCode.CONTENT_REFUSED, problem)
    return notes


def _check_sender(gateway: GatewayValues, request: SendRequest) -> list[str]:
    name = sender_field(request.channel)
    try:
        choice = choose_sender(gateway, request.sender)
    except SenderRefused:
        raise Refused(ErrorCode.FIELD_INVALID, f"{name} is not allowed for this gateway") from None
    if not choice.sender and request.channel == Channel.EMAIL:
        raise Refused(ErrorCode.FIELD_INVALID, f"{name} is missing, and the gateway has no default")
    return [choice.note] if choice.note else []


def _check_reply_to(gateway: GatewayValues, request: SendRequest) -> list[str]:
    try:
        choice = choose_reply_to(gateway, request.content.get(REPLY_TO) or "")
    except SenderRefused:
        text = f"{REPLY_TO} is not allowed for this gateway"
        raise Refused(ErrorCode.FIELD_INVALID, text) from None
    return [choice.note] if choice.note else []
