"""Accept: from a checked request of a known caller to a durable message, or a refusal."""

import logging
import time
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from gateway_project.lib.clock import moment
from gateway_project.lib.crypto import Undecryptable, keyed_digest
from gateway_project.lib.egress import check_url_host
from gateway_project.lib.http import EgressRefused
from gateway_project.lib.kicks import kick
from gateway_project.lib.personal import Personal
from gateway_project.lib.protocol import ErrorCode, Refused
from gateway_project.lib.transactions import writing
from gateway_project.lib.vocabulary import Channel
from gateways.adapters import adapter_of
from gateways.callback_hosts import CallbackRefused, check_callback_url, read_callback_url
from gateways.extensions import check_extension
from gateways.senders import SenderRefused, choose_sender
from gateways.values import GatewayValues, LabelValues, TemplateValues
from messages_app.models import Message
from messages_app.requests import SendRequest
from messages_app.routes import routed
from users.directory import find
from users.models import EndUser
from users.suppressions import is_suppressed

logger = logging.getLogger(__name__)

PREVIEW_WINDOW_SECONDS = 60
"""A preview that comes again within the same minute, unchanged, is the same preview."""

EXPIRES_AFTER = {
    Channel.EMAIL: timedelta(days=3),
    Channel.SMS: timedelta(days=1),
    Channel.VIBER: timedelta(days=1),
    Channel.WHATSAPP: timedelta(days=1),
    Channel.RCS: timedelta(days=1),
    Channel.CUSTOM_IM: timedelta(days=1),
}
"""How long a message may wait where its gateway says nothing."""

SENDER_FIELD = {Channel.EMAIL: "from_email_address"}
OWN_ADDRESS_NOTE = "the text holds the user's own address"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A label's key holder; bound to one of its brands, or to none."""

    label: LabelValues
    brand_id: int | None


@dataclass(slots=True, kw_only=True)
class Plan:
    """What is known about a message before it is written."""

    user: EndUser | None
    brand_id: int | None
    gateway: GatewayValues
    callback_url: str = field(repr=False)
    notes: list[str]


def accept(caller: Caller, request: SendRequest, template: TemplateValues | None) -> UUID:
    """Writes the message and answers its id; a repeat of the same request is answered the same.

    Raises Refused. A refusal burns nothing: the uid may come again.
    """
    fingerprint = request.fingerprint(template.slug if template else "")
    repeat_key = _repeat_key(request, fingerprint)
    try:
        plan = _plan(caller, request, template)
    except Refused:
        # Accepted once, accepted again, even if the user or the gateway has gone since.
        earlier = _earlier_id(caller, request, repeat_key, fingerprint)
        if earlier is None:
            raise
        return earlier
    message = _message(caller, request, template, plan, repeat_key, fingerprint)
    try:
        with writing():
            message.save(force_insert=True)
            transaction.on_commit(partial(kick, "send", str(plan.gateway.id)))
    except IntegrityError:
        earlier = _earlier_id(caller, request, repeat_key, fingerprint)
        if earlier is None:  # not a repeat: the user was erased a moment ago
            raise Refused(ErrorCode.USER_NOT_FOUND) from None
        return earlier
    return message.pk


def _plan(caller: Caller, request: SendRequest, template: TemplateValues | None) -> Plan:
    label = caller.label
    callback_url = _checked_callback_url(label, request.callback_url)
    if request.is_preview:
        user, brand_id = None, caller.brand_id
        _check_preview_domain(label, request)
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
        check_url_host(read_callback_url(url).host)
    except CallbackRefused as refusal:
        logger.warning("label %s: a callback_url was refused: %s", label.slug, refusal)
        raise Refused(ErrorCode.CALLBACK_REFUSED, f"callback_url: {refusal}") from None
    except EgressRefused:
        raise Refused(ErrorCode.CALLBACK_REFUSED) from None
    return url


def _check_preview_domain(label: LabelValues, request: SendRequest) -> None:
    assert request.preview_address is not None  # noqa: S101 - the caller asked is_preview
    domain = request.preview_address.reveal().rpartition("@")[2]
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
    name = SENDER_FIELD.get(request.channel, "from_number")
    try:
        choice = choose_sender(gateway, request.sender)
    except SenderRefused:
        raise Refused(ErrorCode.FIELD_INVALID, f"{name} is not allowed for this gateway") from None
    if not choice.sender and request.channel == Channel.EMAIL:
        raise Refused(ErrorCode.FIELD_INVALID, f"{name} is missing, and the gateway has no default")
    return [choice.note] if choice.note else []


def _repeat_key(request: SendRequest, fingerprint: str) -> str:
    """What makes a request a repeat. Previews have a short window of their own."""
    if not request.is_preview:
        return keyed_digest(request.uid, purpose="uid")
    if not request.uid:
        return uuid4().hex
    window = int(time.time() // PREVIEW_WINDOW_SECONDS)
    return keyed_digest(f"{request.uid}:{fingerprint}:{window}", purpose="preview-uid")


def _earlier_id(
    caller: Caller, request: SendRequest, repeat_key: str, fingerprint: str
) -> UUID | None:
    """The id of the message that this request repeats; Refused where the content is another."""
    earlier = Message.objects.filter(
        label=caller.label.id, channel=request.channel, repeat_key=repeat_key
    )
    if caller.brand_id is not None:
        earlier = earlier.filter(brand=caller.brand_id)
    found = earlier.values_list("pk", "fingerprint").first()
    if found is None:
        return None
    if found[1] != fingerprint:
        logger.warning("message %s: its uid was used again with other content", found[0])
        raise Refused(ErrorCode.UID_REUSED)
    return found[0]


def _message(
    caller: Caller,
    request: SendRequest,
    template: TemplateValues | None,
    plan: Plan,
    repeat_key: str,
    fingerprint: str,
) -> Message:
    now = moment()
    seconds = plan.gateway.expires_after
    waits = timedelta(seconds=seconds) if seconds else EXPIRES_AFTER[request.channel]
    return Message(
        label_id=caller.label.id,
        brand_id=plan.brand_id,
        gateway_id=plan.gateway.id,
        template_id=template.id if template else None,
        end_user_id=plan.user.pk if plan.user else None,
        channel=request.channel,
        uid=request.uid,
        repeat_key=repeat_key,
        fingerprint=fingerprint,
        activity_type=request.activity_type,
        content=request.content,
        callback_url=plan.callback_url,
        preview_address=request.preview_address,
        notes=plan.notes,
        created_at=now,
        due_at=now,
        expires_at=now + waits,
    )
