"""The platform's page about one user: read with masks, changed, erased."""

from http import HTTPStatus

from rest_framework.request import Request
from rest_framework.response import Response

from gateway_project.lib.storable import UNSTORABLE
from gateways.api.platform.bodies import object_of
from gateways.api.platform.errors import invalid, not_found
from gateways.api.platform.view import PlatformView, caller_of, key_of
from gateways.callers import Caller
from users.api.platform.answers import users_json
from users.api.platform.results import error_of
from users.api.platform.schema import describe_change, describe_erasing, describe_user
from users.erasing import erase, proof_of
from users.importing import Outcome, upsert
from users.models import EndUser
from users.rows import BadRow, row_of


class UserView(PlatformView):
    """GET what is stored, with masks; PATCH what is said; DELETE the user."""

    @describe_user
    def get(self, request: Request, ext_user_id: str) -> Response:
        return Response(_shown(_user(request, ext_user_id)))

    @describe_change
    def patch(self, request: Request, ext_user_id: str) -> Response:
        said = object_of(request)
        _check_path(ext_user_id)
        if said.get("ext_user_id", ext_user_id) != ext_user_id:
            raise invalid("ext_user_id", "it is not the user of the path, and never changes")
        try:
            row = row_of({**said, "ext_user_id": ext_user_id})
        except BadRow as bad:
            raise invalid(bad.field, str(bad)) from None
        caller = caller_of(request)
        [result] = upsert(caller.label.id, [row], bound_to=caller.brand_id, only_known=True)
        if result.outcome == Outcome.BAD:
            raise error_of(result)
        return Response(_shown(_user(request, ext_user_id)))

    @describe_erasing
    def delete(self, request: Request, ext_user_id: str) -> Response:
        """Erasing again is no error. Whoever was never there is: an id may be mistyped."""
        _check_path(ext_user_id)
        user = _found(request, ext_user_id)
        if user is None and not _was_erased(caller_of(request), ext_user_id):
            raise not_found()
        if user is not None:
            erase([user], f"platform key {key_of(request).id}")
        return Response(status=HTTPStatus.NO_CONTENT)


def _user(request: Request, ext_user_id: str) -> EndUser:
    """Raises PlatformError where there is none."""
    _check_path(ext_user_id)
    user = _found(request, ext_user_id)
    if user is None:
        raise not_found()
    return user


def _found(request: Request, ext_user_id: str) -> EndUser | None:
    """The label's user of this id, of the key's brand if it has one."""
    caller = caller_of(request)
    users = EndUser.objects.filter(label=caller.label.id, ext_user_id=ext_user_id)
    if caller.brand_id is not None:
        users = users.filter(brand=caller.brand_id)
    return users.select_related("brand").first()


def _was_erased(caller: Caller, ext_user_id: str) -> bool:
    """Not where somebody has the id: a key that is bound to a brand may not see whom."""
    others = EndUser.objects.filter(label=caller.label.id, ext_user_id=ext_user_id)
    return not others.exists() and proof_of(caller.label.id, ext_user_id) is not None


def _check_path(ext_user_id: str) -> None:
    """No user has an id that no column holds. Raises PlatformError."""
    if UNSTORABLE.search(ext_user_id):
        raise not_found()


def _shown(user: EndUser) -> object:
    [shown] = users_json([user])
    return shown
