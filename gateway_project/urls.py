"""All paths. None is answered by a redirect for a slash too many or too few."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("", include("messages_app.urls")),
    path("", include("callbacks.urls")),
    path("", include("users.urls")),
    path("", include("gateways.urls")),
    path("", include("gateway_project.operations.urls")),
    re_path(r"^api/schema/?$", SpectacularAPIView.as_view(), name="schema"),
    re_path(
        r"^api/docs/?$",
        admin.site.admin_view(SpectacularSwaggerSplitView.as_view(url_name="schema")),
        name="docs",
    ),
]

handler403 = "gateway_project.back_office.errors.forbidden"
handler404 = "gateway_project.back_office.errors.not_found"
handler500 = "gateway_project.back_office.errors.broken"
