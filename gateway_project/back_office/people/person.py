"""The pages of the people in the back office."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from gateway_project.back_office.people.person_form import (
    NewPersonForm,
    PersonForm,
    form_by,
    told,
)
from gateway_project.back_office.people.rights import manages_people, may_manage
from gateway_project.back_office.two_factor.factor import reset
from gateway_project.back_office.two_factor.standing import has_second_factor
from gateway_project.lib.admin import AdminPasswordChangeForm, ModelAdmin
from gateways.admin.audited import Audited
from gateways.auditing import CHANGED, differences, values_of

admin.site.unregister(User)

WHO = ("Who", {"fields": ("username",)})
MAY = ("Roles and labels", {"fields": ("is_active", "groups", "is_limited", "labels")})
ALL = ("Superuser", {"fields": ("is_superuser", "user_permissions")})
SEEN = ("Log-in", {"fields": ("second_factor", "last_login", "date_joined")})
TOLD = ("Roles and labels", {"fields": ("roles", "sees")})
NEW = (None, {"fields": ("username", "password1", "password2")})


@admin.register(User)
class PersonAdmin(Audited, DjangoUserAdmin, ModelAdmin):  # type: ignore[type-arg,misc]
    form = PersonForm
    add_form = NewPersonForm
    change_password_form = AdminPasswordChangeForm
    add_form_template = None
    change_form_outer_after_template = "admin/people/log_in.html"
    conditional_fields = {"labels": "is_limited"}
    list_display = ("username", "roles", "sees", "second_factor", "is_active", "last_login")
    list_filter = ("groups", "is_active")
    search_fields = ("username",)
    filter_horizontal = ("user_permissions",)
    readonly_fields = ("roles", "sees", "second_factor", "last_login", "date_joined")

    @admin.display(description="roles")
    def roles(self, person: User) -> str:
        names = [group.name for group in person.groups.all()]
        return ", ".join(["superuser"] * person.is_superuser + names) or "none"

    @admin.display(description="sees")
    def sees(self, person: User) -> str:
        limit = getattr(person, "staff_limit", None)
        if limit is None:
            return "all labels"
        return ", ".join(label.name for label in limit.labels.all()) or "nothing"

    @admin.display(description="second factor", boolean=True)
    def second_factor(self, person: User) -> bool:
        return has_second_factor(person)

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request).select_related("staff_limit")
        return rows.prefetch_related("groups", "staff_limit__labels")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return (NEW, ("Roles and labels", {"fields": MAY[1]["fields"][1:]}))
        if obj.pk == request.user.pk or not self.has_change_permission(request, obj):
            return (WHO, TOLD, SEEN)
        return (WHO, MAY, ALL, SEEN) if request.user.is_superuser else (WHO, MAY, SEEN)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        kwargs["form"] = form_by(request.user, PersonForm if obj else NewPersonForm)
        return super().get_form(request, obj, change=change, **kwargs)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return manages_people(request.user) and super().has_module_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return manages_people(request.user) and super().has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return manages_people(request.user) and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may = manages_people(request.user) and super().has_change_permission(request, obj)
        return may and (obj is None or may_manage(request.user, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """People are deactivated: what they did is told with their names."""
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.is_staff = True
        form.told_before = told(obj) if change else {}
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        form.save_limit()

    def construct_change_message(  # type: ignore[override]
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> dict[str, Any]:
        if isinstance(form, AdminPasswordChangeForm):
            return {"password": CHANGED}
        columns = {} if add else differences(form.values_before, values_of(form.instance))
        before = {} if add else form.told_before
        return {**columns, **differences(before, told(form.instance))}

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.reset_second_factor)
        name = "auth_user_reset_second_factor"
        return [path("<int:person_id>/second-factor/", view, name=name), *super().get_urls()]

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:
        """One's own password is changed where the old one is asked for."""
        person = self.get_object(request, unquote(id))
        if person is not None and person.pk == request.user.pk:
            return redirect("admin:password_change")
        return super().user_change_password(request, id, form_url)

    def reset_second_factor(self, request: HttpRequest, person_id: int) -> HttpResponse:
        """Asks back, then takes the factor from somebody who has lost it."""
        person = self.get_object(request, str(person_id))
        if person is None:
            raise Http404
        if person.pk == request.user.pk or not self.has_change_permission(request, person):
            raise PermissionDenied
        if request.method == "POST":
            reset(request.user, person)
            self.message_user(request, "The second factor is removed.", messages.SUCCESS)
            return redirect(reverse("admin:auth_user_change", args=[person.pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": "Remove the second factor",
            "opts": self.opts,
            "person": person,
        }
        return TemplateResponse(request, "admin/people/reset_second_factor.html", context)
