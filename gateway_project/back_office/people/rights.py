"""What somebody may do, and what they may therefore give to others or take from them."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.db.models import Q, QuerySet

from gateways.staff import label_ids_of


def manages_people(actor: Any) -> bool:
    """Who is limited to labels does not: a colleague without limit would be a way around it."""
    return bool(actor.is_active) and label_ids_of(actor) is None


def rights_of(person: Any) -> frozenset[int]:
    """The ids of the permissions, of the inactive, too: they come back with an active account."""
    if person.is_superuser:
        return frozenset(Permission.objects.values_list("pk", flat=True))
    own = Q(user=person) | Q(group__user=person)
    return frozenset(Permission.objects.filter(own).values_list("pk", flat=True))


def may_manage(actor: Any, person: User) -> bool:
    """Only superusers manage superusers; nobody manages who may do more than they."""
    if actor.is_superuser or not person.is_superuser:
        return rights_of(person) <= rights_of(actor)
    return False


def roles_to_give(actor: Any) -> QuerySet[Group]:
    """Those that hold nothing which this person lacks."""
    return Group.objects.exclude(permissions__in=_lacked_by(actor)).order_by("name")


def may_change_role(actor: Any, role: Group) -> bool:
    return not role.permissions.filter(pk__in=_lacked_by(actor)).exists()


def permissions_to_give(actor: Any) -> QuerySet[Permission]:
    """Those of the apps that have pages here, as far as this person has them."""
    apps = {model._meta.app_label for model in admin.site._registry}
    rows = Permission.objects.filter(content_type__app_label__in=apps, pk__in=rights_of(actor))
    return rows.select_related("content_type").order_by(
        "content_type__app_label", "content_type__model", "codename"
    )


def _lacked_by(actor: Any) -> QuerySet[Permission]:
    return Permission.objects.exclude(pk__in=rights_of(actor))
