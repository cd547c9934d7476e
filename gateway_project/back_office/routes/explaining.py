"""Why a message would take the gateway it takes, or none: what the explainer's answer shows.

No address leaves here unmasked.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from gateway_project.lib.crypto import Undecryptable
from gateway_project.lib.protocol import ErrorCode, Refused
from gateway_project.lib.vocabulary import Channel
from gateways import configuration
from gateways.routing import Route, Verdict, route, texts_of
from gateways.values import GatewayValues, LabelValues
from messages_app.hurdles import hurdles
from messages_app.routes import routed
from users.directories.base import DirectoryDown
from users.directory import find
from users.ids import stored_id
from users.masking import mask_text
from users.models import EndUser

ADVICE = {
    ErrorCode.USER_NOT_FOUND: "Ids are compared exactly, capital letters too. If it is the right"
    " one, the platform has not told of this user: POST /platform/v1/users, or import_users.",
    ErrorCode.PAUSED: "The label or the brand is paused: resume it on its page.",
    ErrorCode.NO_ADDRESS: "The platform has to tell of the user again, with an address for this"
    " channel: POST /platform/v1/users, or import_users.",
    ErrorCode.SUPPRESSED: "Nothing is written to this address until the platform lifts the"
    " suppression: POST /platform/v1/suppressions/remove.",
    ErrorCode.UNAVAILABLE: "The address cannot be decrypted: PII_KEYS lacks the key that it was"
    " encrypted with.",
    ErrorCode.NO_GATEWAY: "Widen the conditions of a gateway, set one active, or create one.",
}


NO_DIRECTORY = "The label's own directory does not answer, or cannot be asked."


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An end user as an operator may see one."""

    id: UUID
    known_as: str
    brand_id: int | None
    address: str
    properties: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hurdle:
    """What Smartico would be told, and what there is to do."""

    code: int
    text: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """`hurdles` in the order of the checks: the first is what Smartico is told."""

    channel: Channel
    person: Person | None = None
    stripped_prefix: str = ""
    hurdles: tuple[Hurdle, ...]
    verdicts: tuple[Verdict, ...] = field(default=(), repr=False)

    @property
    def winner(self) -> GatewayValues | None:
        return next((verdict.gateway for verdict in self.verdicts if verdict.fits), None)


def explain_user(label: LabelValues, channel: Channel, ext_user_id: str) -> Explanation:
    """The route to the label's user of this id."""
    prefix = _stripped_prefix(label, ext_user_id)
    try:
        user = find(label, ext_user_id)
    except DirectoryDown:
        down = replace(_hurdle(Refused(ErrorCode.UNAVAILABLE)), advice=NO_DIRECTORY)
        return Explanation(channel=channel, stripped_prefix=prefix, hurdles=(down,))
    if user is None:
        unknown = _hurdle(Refused(ErrorCode.USER_NOT_FOUND))
        return Explanation(channel=channel, stripped_prefix=prefix, hurdles=(unknown,))
    found = routed(_with_all_gateways(label), channel, user, user.brand_id)
    stops = hurdles(label, channel, user, user.brand_id)
    explanation = _explanation(channel, stops, found)
    person = _person(user, channel, property_names(label))
    return replace(explanation, person=person, stripped_prefix=prefix)


def explain_made_up(
    label: LabelValues, channel: Channel, brand_id: int | None, properties: Mapping[str, Any]
) -> Explanation:
    """The route to a user of this brand with these properties, whose address is taken for good."""
    gateways = _with_all_gateways(label).gateways
    found = route(gateways, channel=channel, brand_id=brand_id, properties=properties)
    return _explanation(channel, hurdles(label, channel, None, brand_id), found)


def explain_preview(label: LabelValues, brand_id: int | None) -> Explanation:
    """The route of a preview mail that is asked for with a key of this brand, or of none."""
    found = routed(_with_all_gateways(label), Channel.EMAIL, None, brand_id)
    stops = hurdles(label, Channel.EMAIL, None, brand_id)
    return _explanation(Channel.EMAIL, stops, found)


def property_names(label: LabelValues) -> list[str]:
    """The label's filter properties, and what its gateways ask for beside."""
    asked = [name for gateway in label.gateways for name in sorted(gateway.filters)]
    return list(dict.fromkeys([*label.filter_properties, *asked]))


def _with_all_gateways(label: LabelValues) -> LabelValues:
    """The label with its inactive gateways too: they never fit, and the verdict says so."""
    rows = configuration.current().gateways.values()
    own = tuple(row for row in rows if row.label_id == label.id and not row.is_draft)
    return replace(label, gateways=own)


def _explanation(channel: Channel, stops: Iterable[Refused], found: Route) -> Explanation:
    missing = [] if found.fits else [Refused(ErrorCode.NO_GATEWAY)]
    return Explanation(
        channel=channel,
        hurdles=tuple(_hurdle(refusal) for refusal in (*stops, *missing)),
        verdicts=tuple(
            _masked(verdict) for verdict in found.explanation if verdict.gateway.channel == channel
        ),
    )


def _hurdle(refusal: Refused) -> Hurdle:
    return Hurdle(code=int(refusal.code), text=refusal.text, advice=ADVICE[refusal.code])


def _masked(verdict: Verdict) -> Verdict:
    return replace(verdict, found=tuple(map(mask_text, verdict.found)))


def _person(user: EndUser, channel: Channel, names: Iterable[str]) -> Person:
    return Person(
        id=user.pk,
        known_as=mask_text(user.ext_user_id),
        brand_id=user.brand_id,
        address=_masked_address(user, channel),
        properties={
            name: ", ".join(map(mask_text, texts_of(user.properties.get(name)))) for name in names
        },
    )


def _masked_address(user: EndUser, channel: Channel) -> str:
    try:
        address = user.address(channel)
    except Undecryptable:
        return "cannot be decrypted"
    return mask_text(address.reveal()) if address else ""


def _stripped_prefix(label: LabelValues, ext_user_id: str) -> str:
    return ext_user_id.removesuffix(stored_id(label.user_ids, ext_user_id))
