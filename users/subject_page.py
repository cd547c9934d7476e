"""The part of an end user's page for the person's own rights: a copy of the data, and erasure."""

import json
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from gateway_project.lib.confirming import NO_REASON, SHORTEST_REASON, reason_in
from users.erasing import erase
from users.exporting import export
from users.models import EndUser

MAY_EXPORT: Final = "users.export_enduser"
MAY_ERASE: Final = "users.erase_enduser"
NOT_SURE: Final = "Tick that you mean it: nothing of it comes back."


class SubjectPage:
    """Adds the two deeds to a page of end users, for those who may do them, with a reason."""

    def get_urls(self) -> list[URLPattern]:
        views = (("export", self.export_view), ("erase", self.erase_view))
        own = [
            path(
                f"<uuid:user_id>/{name}/",
                self.admin_site.admin_view(require_POST(view)),  # type: ignore[attr-defined]
                name=f"users_enduser_{name}",
            )
            for name, view in views
        ]
        return [*own, *super().get_urls()]  # type: ignore[misc]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        context = {
            "may_export": request.user.has_perm(MAY_EXPORT),
            "may_erase": request.user.has_perm(MAY_ERASE),
            "shortest_reason": SHORTEST_REASON,
            "subject_id": object_id,
            **(extra_context or {}),
        }
        answer: HttpResponse = super().change_view(request, object_id, form_url, context)  # type: ignore[misc]
        return answer

    def export_view(self, request: HttpRequest, user_id: Any) -> HttpResponse:
        """The data as a file, in this answer and nowhere else."""
        user = self._subject(request, user_id, MAY_EXPORT)
        reason = reason_in(request)
        if len(reason) < SHORTEST_REASON:
            return self._back(request, user, NO_REASON)
        told = export(user, request.user, reason)
        answer = HttpResponse(
            json.dumps(told, ensure_ascii=False, indent=2), content_type="application/json"
        )
        answer["Content-Disposition"] = f'attachment; filename="end-user-{user.pk}.json"'
        return answer

    def erase_view(self, request: HttpRequest, user_id: Any) -> HttpResponse:
        user = self._subject(request, user_id, MAY_ERASE)
        reason = reason_in(request)
        if len(reason) < SHORTEST_REASON:
            return self._back(request, user, NO_REASON)
        if "is_meant" not in request.POST:
            return self._back(request, user, NOT_SURE)
        proofs = erase([user], request.user, reason=reason)
        self.message_user(request, "Erased. The proof names nobody.")  # type: ignore[attr-defined]
        if not proofs:
            return redirect("admin:users_enduser_changelist")
        return redirect("admin:users_erasureproof_change", proofs[0].pk)

    def _subject(self, request: HttpRequest, user_id: Any, right: str) -> EndUser:
        if not self.has_view_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        found: EndUser | None = self.get_object(request, str(user_id))  # type: ignore[attr-defined]
        if found is None:
            raise Http404
        if not request.user.has_perm(right):
            raise PermissionDenied
        return found

    def _back(self, request: HttpRequest, user: EndUser, problem: str) -> HttpResponseRedirect:
        self.message_user(request, problem, messages.ERROR)  # type: ignore[attr-defined]
        return redirect(reverse("admin:users_enduser_change", args=[user.pk]))
