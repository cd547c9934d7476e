"""The paths of this floor's platform pages, each with and without a trailing slash."""

from django.urls import re_path

from users.api.platform.suppressions import LiftedView, SuppressionsView
from users.api.platform.user import UserView
from users.api.platform.users import UsersView

urlpatterns = [
    re_path(r"^platform/v1/users/?\Z", UsersView.as_view(), name="platform-users"),
    re_path(
        r"^platform/v1/suppressions/?\Z", SuppressionsView.as_view(), name="platform-suppressions"
    ),
    re_path(
        r"^platform/v1/suppressions/remove/?\Z",
        LiftedView.as_view(),
        name="platform-suppressions-remove",
    ),
    # The id is everything but one slash at the end: it may hold slashes and line ends itself.
    re_path(
        r"^platform/v1/users/(?P<ext_user_id>[\s\S]+?)/?\Z",
        UserView.as_view(),
        name="platform-user",
    ),
]
