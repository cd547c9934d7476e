"""A page of the back office that belongs to no single model."""

from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.generic import TemplateView


class Page(TemplateView):
    """`path` is below /admin/, `name` is its URL's, `permission` what it takes to open it."""

    path: ClassVar[str]
    name: ClassVar[str]
    title: ClassVar[str]
    permission: ClassVar[str]

    @classmethod
    def may_open(cls, user: Any) -> bool:
        """Whether this person may; a page that takes more than one permission says so here."""
        return bool(user.has_perm(cls.permission))

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not self.may_open(request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = admin.site.each_context(self.request)
        return super().get_context_data(**{**context, "title": self.title, **kwargs})

    def show(self, **context: Any) -> HttpResponse:
        """The page with this context beside its own."""
        return self.render_to_response(self.get_context_data(**context))
