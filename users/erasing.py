"""Erasing: an end user and the addresses are gone, and nothing waiting is sent to them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, cast
from uuid import UUID

from gateway_project.lib.clock import database_now
from gateway_project.lib.crypto import keyed_digest
from gateway_project.lib.redaction import scrub
from gateway_project.lib.transactions import writing
from gateways.api.platform.repeats import forget_answers_about
from gateways.auditing import actor_name, record
from gateways.models import Action
from gateways.models.audit import REASON_LENGTH
from users.models import EndUser, ErasureProof, Lifting, MissingUser, Suppression
from users.signals import end_users_erased


def erase(
    users: Iterable[EndUser], actor: Any, *, reason: str = "", with_suppressions: bool = False
) -> list[ErasureProof]:
    """Deletes the users, all or none; answers the proofs of those who were still there.

    `actor` is a Django user or the name of what acts. Their rows are locked first: a message that
    is being accepted meanwhile waits and then finds no user. What the floors above do about it
    happens in the same transaction. Suppressions stay unless said otherwise: they hold no address,
    and whoever opted out has not opted in by being erased.
    """
    with writing():
        rows = EndUser.objects.filter(pk__in=[user.pk for user in users])
        gone = list(rows.select_for_update().order_by("pk"))
        if not gone:
            return []
        counts = _told_above(gone, with_suppressions=with_suppressions)
        if with_suppressions:
            _lift_all(gone, counts)
        _forget_liftings(gone)
        _forget_ids(gone)
        proofs = _prove(gone, counts, actor, scrub(reason.strip(), kept=REASON_LENGTH))
        EndUser.objects.filter(pk__in=[user.pk for user in gone]).delete()
    return proofs


def proof_of(label_id: int, ext_user_id: str) -> ErasureProof | None:
    """The last proof that the label's user of this id was erased."""
    proofs = ErasureProof.objects.filter(
        label=label_id, user_digest=user_digest(label_id, ext_user_id)
    )
    return proofs.order_by("erased_at").last()


def user_digest(label_id: int, ext_user_id: str) -> str:
    """By which a proof is found again, by who knows the id."""
    return keyed_digest(f"{label_id}:{ext_user_id}", purpose="erased-user")


def _told_above(gone: list[EndUser], *, with_suppressions: bool) -> defaultdict[UUID, Counter[str]]:
    """What the floors above have removed of each."""
    counts: defaultdict[UUID, Counter[str]] = defaultdict(Counter)
    ids = [user.pk for user in gone]
    for _, removed in end_users_erased.send(
        EndUser, end_user_ids=ids, with_suppressions=with_suppressions
    ):
        told = cast("Mapping[UUID, Mapping[str, int]]", removed or {})
        for user_id, of_theirs in told.items():
            counts[user_id].update(of_theirs)
    return counts


def _lift_all(gone: Iterable[EndUser], counts: Mapping[UUID, Counter[str]]) -> None:
    for user in gone:
        theirs = Suppression.objects.filter(label=user.label_id, address_index__in=_indexes(user))
        counts[user.pk]["suppressions"] += theirs.delete()[0]


def _forget_liftings(gone: Iterable[EndUser]) -> None:
    """What is open again needs nobody's address in any form."""
    by_label: defaultdict[int, list[str]] = defaultdict(list)
    for user in gone:
        by_label[user.label_id] += _indexes(user)
    for label_id, indexes in by_label.items():
        Lifting.objects.filter(label=label_id, address_index__in=indexes).delete()


def _indexes(user: EndUser) -> list[str]:
    return [index for index in (user.email_index, user.phone_index) if index]


def _forget_ids(gone: Iterable[EndUser]) -> None:
    """Where they stand without the user: among those who were missing, and in kept answers."""
    by_label: defaultdict[int, list[str]] = defaultdict(list)
    for user in gone:
        by_label[user.label_id].append(user.ext_user_id)
    for label_id, ids in by_label.items():
        MissingUser.objects.filter(label=label_id, ext_user_id__in=ids).delete()
        forget_answers_about(label_id, ids)


def _prove(
    gone: Iterable[EndUser], counts: Mapping[UUID, Counter[str]], actor: Any, reason: str
) -> list[ErasureProof]:
    now = database_now()
    proofs = [
        ErasureProof(
            label_id=user.label_id,
            user_digest=user_digest(user.label_id, user.ext_user_id),
            end_user_id=user.pk,
            erased_at=now,
            erased_by=actor_name(actor),
            reason=reason,
            removed={"addresses": _addresses(user), **counts[user.pk]},
        )
        for user in gone
    ]
    for user, proof in zip(gone, proofs, strict=True):
        record(actor, Action.ERASED, user, reason=reason, changes=proof.removed)
    return ErasureProof.objects.bulk_create(proofs)


def _addresses(user: EndUser) -> int:
    return sum(address is not None for address in (user.email, user.phone))
