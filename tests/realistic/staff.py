"""The people of the back office, and what they have done lately."""

import random
from datetime import datetime, timedelta

from django.contrib.auth.models import Group, User

from gateways.audit_chain.sealing import Sealing
from gateways.audit_chain.standing import Verification
from gateways.models import Action, AuditEntry, Brand, Gateway, Key, Label, StaffLimit
from tests.realistic.traffic import id_at
from users.models import EndUser

PEOPLE = {
    "mara.lindqvist": "administrator",
    "tomas.ahlgren": "operator",
    "ines.varga": "operator",
    "jonas.reth": "support",
    "olga.petras": "auditor",
}
LIMITED = "ines.varga"


def add_staff() -> list[User]:
    """One of each role at least; one of them is limited to a label."""
    people = [_person(name, role) for name, role in PEOPLE.items()]
    limit = StaffLimit.objects.create(user=User.objects.get(username=LIMITED))
    limit.labels.set(Label.objects.filter(slug="quillmoor"))
    return people


def _person(name: str, role: str) -> User:
    person = User.objects.create_user(name, is_staff=True)
    person.groups.add(Group.objects.get(name=role))
    return person


def add_deeds(rng: random.Random, people: list[User], now: datetime) -> None:
    """Audit entries of the last weeks, oldest first, sealed and verified."""
    ages = sorted((rng.random() ** 2 * 40 for _ in range(60)), reverse=True)
    entries = [_deed(rng, rng.choice(people[:3]), now - timedelta(days=days)) for days in ages]
    AuditEntry.objects.bulk_create(entries)
    for duty in (Sealing(), Verification(), Sealing()):
        for _ in iter(duty, 0):
            pass


def _deed(rng: random.Random, actor: User, at: datetime) -> AuditEntry:
    model, action, changes, reason = rng.choice(DEEDS)
    row = rng.choice(list(model.objects.all()))
    return AuditEntry(
        id=id_at(rng, at),
        at=at,
        actor=actor,
        actor_name=actor.username,
        action=action,
        label_id=row.pk if isinstance(row, Label) else row.label_id,
        subject_type=model._meta.label_lower,
        subject_id=str(row.pk),
        subject_name=str(row),
        reason=reason,
        changes=changes,
    )


DEEDS = [
    (Gateway, Action.CHANGED, {"rate_per_second": [30, 50]}, ""),
    (Gateway, Action.CHANGED, {"config.service_key": "changed"}, ""),
    (Gateway, Action.CHANGED, {"is_paused": [True, False]}, ""),
    (Gateway, Action.CHANGED, {"filters": [{"country": ["DE"]}, {"country": ["DE", "AT"]}]}, ""),
    (Gateway, Action.TESTED, {}, ""),
    (Brand, Action.CHANGED, {"is_paused": [False, True]}, ""),
    (Key, Action.ADDED, {}, ""),
    (Label, Action.CHANGED, {"preview_domains": [[], ["bluefinch.example"]]}, ""),
    (Label, Action.REPLAYED, {"statuses": 214}, ""),
    (EndUser, Action.REVEALED, {"address": "email"}, "Asked by telephone why no mail comes"),
    (EndUser, Action.EXPORTED, {}, "Request of the person, by letter"),
]
