"""The part of an end user's page where an address is revealed, for a minute."""

from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_GET, require_POST

from gateway_project.lib.confirming import SHORTEST_REASON, reason_in
from gateway_project.lib.crypto import Undecryptable
from gateway_project.lib.personal import Personal
from users.models import EndUser
from users.revealing import MAY_REVEAL, PARTS, RevealRefused, reveal

FRAGMENT: Final = "admin/users/address.html"
SHOWN_SECONDS: Final = 60
TITLES: Final = {"email": "E-mail", "phone": "Phone"}
SEALED_SHUT: Final = "cannot be decrypted"


class RevealingPage:
    """Adds the addresses to a page of end users, for those who may reveal them.

    An address stands in the answer to the POST that gives the reason, and nowhere else.
    """

    change_form_outer_after_template = "admin/users/addresses.html"

    def masked(self, user: EndUser, part: str) -> str | None:
        """How the address is shown to everybody."""
        raise NotImplementedError

    def get_urls(self) -> list[URLPattern]:
        views = (
            ("<uuid:user_id>/reveal/<str:part>/", require_POST(self.reveal_view), "reveal"),
            ("<uuid:user_id>/masked/<str:part>/", require_GET(self.masked_view), "masked"),
        )
        own = [
            path(route, self.admin_site.admin_view(view), name=f"users_enduser_{name}")  # type: ignore[attr-defined]
            for route, view, name in views
        ]
        return [*own, *super().get_urls()]  # type: ignore[misc]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        user = self.get_object(request, object_id)  # type: ignore[attr-defined]
        may = user is not None and request.user.has_perm(MAY_REVEAL)
        shown = [self._masked(user, part) for part in PARTS if getattr(user, part)] if may else []
        context = {"addresses": shown, **(extra_context or {})}
        answer: HttpResponse = super().change_view(request, object_id, form_url, context)  # type: ignore[misc]
        return answer

    def reveal_view(self, request: HttpRequest, user_id: Any, part: str) -> HttpResponse:
        user = self._user(request, user_id, part)
        try:
            address = reveal(request.user, user, part, reason_in(request))
        except RevealRefused as refused:
            if not request.user.has_perm(MAY_REVEAL):
                raise PermissionDenied from None
            return self._answer(request, {**self._masked(user, part), "refusal": str(refused)})
        shown = {"revealed": _opened(address), "seconds": SHOWN_SECONDS}
        return self._answer(request, {**self._masked(user, part), **shown})

    def masked_view(self, request: HttpRequest, user_id: Any, part: str) -> HttpResponse:
        user = self._user(request, user_id, part)
        if not request.user.has_perm(MAY_REVEAL):
            raise PermissionDenied
        return self._answer(request, self._masked(user, part))

    def _user(self, request: HttpRequest, user_id: Any, part: str) -> EndUser:
        if not self.has_view_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        found: EndUser | None = self.get_object(request, str(user_id))  # type: ignore[attr-defined]
        if found is None or part not in PARTS or not getattr(found, part):
            raise Http404
        return found

    def _masked(self, user: EndUser, part: str) -> dict[str, Any]:
        return {
            "user_id": user.pk,
            "part": part,
            "part_title": TITLES[part],
            "masked": self.masked(user, part),
            "shortest_reason": SHORTEST_REASON,
        }

    def _answer(self, request: HttpRequest, address: dict[str, Any]) -> HttpResponse:
        return TemplateResponse(request, FRAGMENT, {"address": address})


def _opened(address: Personal | None) -> str:
    try:
        return str(address.reveal()) if address else ""
    except Undecryptable:
        return SEALED_SHUT
