"""What needs a person now: each with a number, what it means, and the list of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from callbacks.models import CallbackDelivery, Settlement
from gateway_project.back_office.dashboard.links import list_of
from gateway_project.back_office.dashboard.sight import Sight
from gateway_project.lib.paging import capped, in_figures
from gateways.admin.key import EXPIRES_SOON
from gateways.audit_chain.standing import last_verification
from gateways.contacts import refused_lately
from gateways.models import Brand, Gateway, Key, Label
from gateways.staff import label_ids_of
from messages_app.models import Counted, InboxEntry, Message, Relay, RelayListener, State, Wait
from messages_app.relaying.standing import STANDINGS
from users.models import MissingUser

DRAFT_ENDS_SOON = timedelta(days=5)
SILENT_AFTER = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """`is_urgent`: messages or statuses stand still until somebody acts."""

    count: str
    title: str
    to_do: str
    icon: str
    link: str
    is_urgent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Something to look for: the rows of a model, and what to say when there are any."""

    model: Any
    narrowed: dict[str, str]
    """Of the list of them."""
    condition: Callable[[datetime], dict[str, Any]]
    label: str = "label"
    one: str
    many: str
    to_do: str
    icon: str
    is_urgent: bool = False

    @property
    def name(self) -> str:
        return f"{self.model._meta.app_label}.{self.model._meta.model_name}"


WATCHES = (
    Watch(
        model=Gateway,
        narrowed={"is_paused__exact": "1"},
        condition=lambda now: {"is_active": True, "is_paused": True},
        one="gateway is paused",
        many="gateways are paused",
        to_do="Their messages wait. Look at the reason, then resume.",
        icon="pause_circle",
        is_urgent=True,
    ),
    Watch(
        model=Gateway,
        narrowed={"answering": "no"},
        condition=lambda now: {
            "is_active": True,
            "is_paused": False,
            "breaker__opened_at__isnull": False,
        },
        one="gateway's provider does not answer",
        many="gateways' providers do not answer",
        to_do="Their messages take others that fit, or wait. It is tried again by itself.",
        icon="heart_broken",
        is_urgent=True,
    ),
    Watch(
        model=Gateway,
        narrowed={"webhooks": "refused"},
        condition=refused_lately,
        one="gateway was sent webhooks that it refused",
        many="gateways were sent webhooks that they refused",
        to_do="Compare the webhook's secret here and at the provider. Where it is right, "
        "somebody else knows our webhook URL.",
        icon="gpp_maybe",
        is_urgent=True,
    ),
    Watch(
        model=Label,
        narrowed={},
        condition=lambda now: {"callbacks_suspended_at__isnull": False},
        label="pk",
        one="label has its callbacks suspended",
        many="labels have their callbacks suspended",
        to_do="Smartico turned the api_key away. Type in the right one, then make the test call.",
        icon="phone_disabled",
        is_urgent=True,
    ),
    Watch(
        model=Label,
        narrowed={},
        condition=lambda now: {"opt_outs_suspended__has_any_keys": list(RelayListener)},
        label="pk",
        one="label does not tell its opt-outs any more",
        many="labels do not tell their opt-outs any more",
        to_do="The end-point turned us away. Correct it on the label's page, then resume.",
        icon="notifications_off",
    ),
    Watch(
        model=Label,
        narrowed={},
        condition=lambda now: {"is_paused": True},
        label="pk",
        one="label is paused",
        many="labels are paused",
        to_do="Smartico is answered with error 5, and what waits is held.",
        icon="pause_circle",
        is_urgent=True,
    ),
    Watch(
        model=Brand,
        narrowed={"is_paused__exact": "1"},
        condition=lambda now: {"is_paused": True, "is_active": True},
        one="brand is paused",
        many="brands are paused",
        to_do="Smartico is answered with error 5 for their users, and what waits is held.",
        icon="pause_circle",
        is_urgent=True,
    ),
    Watch(
        model=Message,
        narrowed={"state__exact": State.UNKNOWN},
        condition=lambda now: {"state": State.UNKNOWN},
        one="message has an unknown outcome",
        many="messages have an unknown outcome",
        to_do="Look at the provider whether it has them: count as sent, or send again.",
        icon="help",
        is_urgent=True,
    ),
    Watch(
        model=CallbackDelivery,
        narrowed={"settlement__exact": Settlement.DEAD},
        condition=lambda now: {"settlement": Settlement.DEAD},
        one="callback is out of tries",
        many="callbacks are out of tries",
        to_do="Smartico was never told. Replay them once it listens again.",
        icon="phone_missed",
        is_urgent=True,
    ),
    Watch(
        model=CallbackDelivery,
        narrowed={"settlement__exact": Settlement.MISMATCH},
        condition=lambda now: {"settlement": Settlement.MISMATCH},
        one="status is of a message that Smartico does not know",
        many="statuses are of messages that Smartico does not know",
        to_do="Mostly the api_key of another label. Correct it, then replay.",
        icon="difference",
        is_urgent=True,
    ),
    Watch(
        model=InboxEntry,
        narrowed={"waits_for__exact": Wait.A_MAPPING},
        condition=lambda now: {"waits_for": Wait.A_MAPPING, "applied_at": None},
        label="gateway__label",
        one="report holds an unknown status word",
        many="reports hold an unknown status word",
        to_do="A provider says something new. Look what it means.",
        icon="translate",
    ),
    Watch(
        model=InboxEntry,
        narrowed={"waits_for__exact": Wait.A_READER},
        condition=lambda now: {"waits_for": Wait.A_READER, "applied_at": None},
        label="gateway__label",
        one="report could not be read",
        many="reports could not be read",
        to_do="A provider has changed its webhooks, or somebody else calls them.",
        icon="unknown_document",
    ),
    Watch(
        model=Relay,
        narrowed={"standing": "not_taken"},
        condition=STANDINGS["not_taken"].condition,
        one="relay was not taken",
        many="relays were not taken",
        to_do="An opt-out, contact, order or event is missing there. Look why, then tell again.",
        icon="sync_problem",
    ),
    Watch(
        model=Relay,
        narrowed={"standing": "late"},
        condition=STANDINGS["late"].condition,
        one="relay has waited for over an hour",
        many="relays have waited for over an hour",
        to_do="Whom they are for does not take them, or may not be told for now. "
        "After two weeks they are given up.",
        icon="schedule",
    ),
    Watch(
        model=MissingUser,
        narrowed={},
        condition=lambda now: {},
        one="user was asked for and is missing",
        many="users were asked for and are missing",
        to_do="Import them; Smartico is answered with error 1.",
        icon="person_off",
    ),
    Watch(
        model=Key,
        narrowed={"state": "soon"},
        condition=lambda now: {
            "revoked_at": None,
            "expires_at__gt": now,
            "expires_at__lte": now + EXPIRES_SOON,
        },
        one="key expires within two weeks",
        many="keys expire within two weeks",
        to_do="Make new ones and hand them out.",
        icon="key_off",
    ),
    Watch(
        model=Gateway,
        narrowed={},
        condition=lambda now: {"is_draft": True, "created_at__lte": now - DRAFT_ENDS_SOON},
        one="draft of a gateway ends soon",
        many="drafts of gateways end soon",
        to_do="After a week they are deleted. Finish or discard them.",
        icon="edit_off",
    ),
)


def needs(sight: Sight, now: datetime) -> list[Need]:
    """What is to be done, the urgent first. Nothing about what the person may not open."""
    found = [need for watch in WATCHES if (need := _look(watch, sight, now))]
    found += _silence(sight, now)
    found += _broken_audit(sight)
    return sorted(found, key=lambda need: not need.is_urgent)


def _look(watch: Watch, sight: Sight, now: datetime) -> Need | None:
    link = list_of(watch.name, sight, **watch.narrowed)
    if not link:
        return None
    rows = watch.model.objects.filter(**watch.condition(now), **sight.of(watch.label))
    count = capped(rows)
    if not count:
        return None
    return Need(
        count=in_figures(count),
        title=watch.one if count == 1 else watch.many,
        to_do=watch.to_do,
        icon=watch.icon,
        link=link,
        is_urgent=watch.is_urgent,
    )


def _broken_audit(sight: Sight) -> list[Need]:
    """What the last verification has found, for those who may read the audit of the whole house."""
    link = list_of("gateways.auditentry", sight)
    last = last_verification() if link and label_ids_of(sight.user) is None else None
    if last is None or last.is_whole:
        return []
    return [
        Need(
            count="",
            title="The audit is not as it was written",
            to_do=last.problem,
            icon="gpp_bad",
            link=link,
            is_urgent=True,
        )
    ]


def _silence(sight: Sight, now: datetime) -> list[Need]:
    """Where the clock has stopped, the figures of this page stand still too."""
    counted_at = Counted.objects.order_by("-counted_at").values_list("counted_at", flat=True)
    last = counted_at.first()
    if last is None or now - last < SILENT_AFTER:
        return []
    return [
        Need(
            count="",
            title="The scheduler is silent",
            to_do=f"Nothing was counted since {last:%Y-%m-%d %H:%M} UTC. Start it.",
            icon="timer_off",
            link="",
            is_urgent=True,
        )
    ]
