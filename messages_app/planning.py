"""What is known about a message before it is written: the checks of a request, in their order."""

import logging
from dataclasses import dataclass, field

from gateway_project.lib.crypto import Undecryptable
from gateway_project.lib.personal import Personal
from gateway_project.lib.protocol import ErrorCode, Refused
from gateway_project.lib.vocabulary import Channel
from gateways.adapters import adapter_of
from gateways.callback_hosts import CallbackRefused, check_callback_url
from gateways.callers import Caller
from gateways.extensions import check_extension
from gateways.senders import SenderRefused, choose_sender
from gateways.values import GatewayValues, LabelValues, TemplateValues
from messages_app.fields import sender_field
from messages_app.requests import SendRequest
from messages_app.routes import routed
from users.directory import find
from users.models import EndUser
from users.suppressions import is_suppressed

logger = logging.getLogger(__name__)

OWN_ADDRESS_NOTE = "the text holds the user's own address"


@dataclass(slots=True, kw_only=True)
class Plan:
    """What is known about a message before it is written."""

    user: EndUser | None
    brand_id: int | None
    gateway: GatewayValues
    callback_url: str = field(repr=False)
    notes: list[str]


def make_plan(caller: Caller, request: SendRequest, template: TemplateValues | None) -> Plan:
    """What to write for this request; raises Refused with the first thing that is wrong."""
    label = caller.label
    callback_url = _checked_callback_url(label, request.callback_url)
    if request.preview_address is not None:
        user, brand_id = None, caller.brand_id
        _check_preview_domain(label, request.preview_address)
    else:
        user = _known_user(caller, request)
        brand_id = user.brand_id
    _check_not_paused(label, brand_id)
    notes = list(request.notes)
    if user is not None and request.channel != Channel.CUSTOM_IM:
        notes += _check_address(user, request)
    gateway = _winner(label, request, user, brand_id)
    notes += _check_content(label, gateway, request, template)
    return Plan(
        user=user, brand_id=brand_id, gateway=gateway, callback_url=callback_url, notes=notes
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


def _check_preview_domain(label: LabelValues, address: Personal) -> None:
    domain = address.reveal().rpartition("@")[2]
    if domain not in {allowed.lower() for allowed in label.preview_domains}:
        raise Refused(ErrorCode.PREVIEW_REFUSED, "to_email_address is not in a preview domain")


def _known_user(caller: Caller, request: SendRequest) -> EndUser:
    user = find(caller.label, request.ext_user_id)
    if user is None:
        raise Refused(ErrorCode.USER_NOT_FOUND)
    if caller.brand_id is not None and user.brand_id != caller.brand_id:
        logger.warning("label %s: a brand's key named another brand's user", caller.label.slug)
        raise Refused(ErrorCode.USER_NOT_FOUND)
    return user


def _check_not_paused(label: LabelValues, brand_id: int | None) -> None:
    brand = label.brands.get(brand_id) if brand_id else None
    if label.is_paused or (brand is not None and brand.is_paused):
        raise Refused(ErrorCode.PAUSED)


def _check_address(user: EndUser, request: SendRequest) -> list[str]:
    """That the address is there, opens, and is not suppressed. Notes a text that repeats it."""
    try:
        address = user.address(request.channel)
        plain = address.reveal() if address is not None else None
    except Undecryptable:
        logger.error("the address of end user %s cannot be decrypted", user.pk)
        raise Refused(ErrorCode.UNAVAILABLE) from None
    index = user.address_index(request.channel)
    if not plain or index is None:
        raise Refused(ErrorCode.NO_ADDRESS)
    if is_suppressed(user.label_id, request.channel, index):
        raise Refused(ErrorCode.SUPPRESSED)
    return [OWN_ADDRESS_NOTE] if plain in request.text or plain in request.html else []


def _winner(
    label: LabelValues, request: SendRequest, user: EndUser | None, brand_id: int | None
) -> GatewayValues:
    found = routed(label, request.channel, user, brand_id)
    if not found.fits:
        raise Refused(ErrorCode.NO_GATEWAY)
    return found.fits[0]


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
