"""The paths of this floor's platform pages, each with and without a trailing slash."""

from django.urls import re_path

from gateways.api.platform.document import DocumentView
from gateways.api.platform.view import NothingView
from gateways.api.views import AccountView, FieldsView

urlpatterns = [
    re_path(r"^platform/v1/fields/?$", FieldsView.as_view(), name="platform-fields"),
    re_path(r"^platform/v1/account/?$", AccountView.as_view(), name="platform-account"),
    re_path(r"^platform/v1/openapi\.json/?\Z", DocumentView.as_view(), name="platform-document"),
    re_path(r"^platform/", NothingView.as_view()),
]
