"""The pages of roles: Django's groups. Those of the house stand as they are declared."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.http import HttpRequest

from gateway_project.back_office.people.rights import (
    manages_people,
    may_change_role,
    permissions_to_give,
)
from gateway_project.back_office.roles import ROLES
from gateway_project.lib.admin import ModelAdmin
from gateways.admin.audited import Audited
from gateways.auditing import differences

admin.site.unregister(Group)


@admin.register(Group)
class RoleAdmin(Audited, ModelAdmin):
    list_display = ("name", "of_the_house", "people")
    ordering = ("name",)
    search_fields = ("name",)
    filter_horizontal = ("permissions",)

    @admin.display(description="comes with Gatehouse", boolean=True)
    def of_the_house(self, role: Group) -> bool:
        return role.name in ROLES

    @admin.display(description="people")
    def people(self, role: Group) -> int:
        return len(role.user_set.all())

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("user_set")

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "permissions":
            kwargs["queryset"] = permissions_to_give(request.user)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return manages_people(request.user) and bool(super().has_module_permission(request))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return manages_people(request.user) and bool(super().has_view_permission(request, obj))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return manages_people(request.user) and bool(super().has_add_permission(request))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may = bool(super().has_change_permission(request, obj))
        return may and self._is_free(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may = bool(super().has_delete_permission(request, obj))
        return may and self._is_free(request, obj)

    def _is_free(self, request: HttpRequest, role: Group | None) -> bool:
        """No role of the house, and none that holds more than this person."""
        if role is None or not manages_people(request.user):
            return manages_people(request.user)
        return role.name not in ROLES and may_change_role(request.user, role)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        form.told_before = _told(obj) if change else {}
        super().save_model(request, obj, form, change)

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> dict[str, Any]:
        inside = differences({} if add else form.told_before, _told(form.instance))
        return {**super().construct_change_message(request, form, formsets, add), **inside}


def _told(role: Group) -> dict[str, Any]:
    return {"permissions": sorted(map(_name, role.permissions.select_related("content_type")))}


def _name(permission: Permission) -> str:
    return f"{permission.content_type.app_label}.{permission.codename}"
