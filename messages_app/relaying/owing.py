"""What others are owed when something changes here: opt-outs, opt-ins and contacts."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.dispatch import receiver

from gateway_project.lib.clock import database_now
from gateway_project.lib.crypto import keyed_digest
from gateway_project.lib.personal import Personal
from gateway_project.lib.vocabulary import Channel
from gateways import configuration
from messages_app.models import Relay, RelayKind
from messages_app.relaying.able import fits, gateways_that_take
from messages_app.relaying.label_listeners import listeners_of
from users.addresses import index_column
from users.models import EndUser
from users.signals import addresses_lifted, addresses_suppressed, end_users_changed


@receiver(addresses_suppressed)
def owe_opt_outs(sender: Any, **told: Any) -> None:
    """Every gateway that pushes opt-outs is owed these, but for the one that told us. So are the
    platform, unless it has said so itself, and Smartico, where the label wants that."""
    _owe_list(RelayKind.OPT_OUT, **told)
    _owe_notices(RelayKind.OPT_OUT, **told)


@receiver(addresses_lifted)
def owe_opt_ins(sender: Any, **told: Any) -> None:
    """The same when an address may be written to again."""
    _owe_list(RelayKind.OPT_IN, **told)
    _owe_notices(RelayKind.OPT_IN, **told)


@receiver(end_users_changed)
def owe_contacts(sender: Any, label_id: int, end_users: Sequence[EndUser], **kwargs: Any) -> None:
    """Every gateway that keeps contacts is owed those that fit it.

    One that is owed already and has not left takes the change along. It is written to all the
    same: so it stays locked until the change can be seen, and leaves with it.
    """
    gateways = gateways_that_take(label_id, RelayKind.CONTACT)
    if not gateways:
        return
    now = database_now()
    for gateway in gateways:
        owed = [
            Relay(
                label_id=label_id,
                gateway_id=gateway.id,
                kind=RelayKind.CONTACT,
                end_user=user,
                subject=str(user.pk),
                repeat_key=str(user.pk),
                due_at=now,
                created_at=now,
            )
            for user in sorted(end_users, key=lambda user: user.pk)
            if fits(gateway, user.brand_id, user.properties)
        ]
        Relay.objects.bulk_create(
            owed,
            update_conflicts=True,
            unique_fields=["gateway", "kind", "repeat_key"],
            update_fields=["created_at"],
        )


def notice_subject(channel: str, index: str) -> str:
    """Whose notices leave one after the other."""
    return keyed_digest(f"{channel}:{index}", purpose="relay-subject")


def _owe_notices(
    kind: RelayKind,
    *,
    label_id: int,
    channel: str,
    address_indexes: Sequence[str],
    by_platform: bool,
    reason: str = "",
    **kwargs: Any,
) -> None:
    """These know people by their ids: an address that nobody has is not told."""
    label = configuration.current().labels[label_id]
    listeners = [
        each for each in listeners_of(label) if each.wants(kind, channel, by_platform=by_platform)
    ]
    if not listeners:
        return
    column, now = index_column(channel), database_now()
    users = EndUser.objects.filter(label=label_id, **{f"{column}__in": address_indexes})
    of_users = set(users.values_list(column, flat=True))
    Relay.objects.bulk_create(
        Relay(
            label_id=label_id,
            listener=listener.who,
            kind=kind,
            subject=notice_subject(channel, index),
            payload={"channel": channel, "index": index, "reason": reason, "at": now.isoformat()},
            due_at=now,
            created_at=now,
        )
        for listener in listeners
        for index in address_indexes
        if index in of_users
    )


def _owe_list(
    kind: RelayKind,
    *,
    label_id: int,
    channel: str,
    address_indexes: Sequence[str],
    told_by: int | None,
    addresses: Mapping[str, Personal],
    **kwargs: Any,
) -> None:
    """Providers keep such lists of e-mail addresses only. Nobody knows the address of an index
    that is no user's and came without it."""
    if channel != Channel.EMAIL:
        return
    gateways = [each for each in gateways_that_take(label_id, kind) if each.id != told_by]
    if not gateways:
        return
    users = EndUser.objects.filter(label=label_id, email_index__in=address_indexes)
    of_users = set(users.values_list("email_index", flat=True))
    now = database_now()
    Relay.objects.bulk_create(
        Relay(
            label_id=label_id,
            gateway_id=gateway.id,
            kind=kind,
            subject=index,
            address=None if index in of_users else addresses[index],
            due_at=now,
            created_at=now,
        )
        for gateway in gateways
        for index in address_indexes
        if index in of_users or index in addresses
    )
