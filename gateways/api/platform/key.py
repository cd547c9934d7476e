"""Who calls the platform API: the holder of a platform key, from an allowed address."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from gateway_project.lib.vocabulary import KeyKind
from gateways import configuration
from gateways.callers import Caller, is_allowed_address, live_key, note_use
from gateways.values import KeyValues


class PlatformKey(BaseAuthentication):
    """`Authorization: <secret>` or `Bearer <secret>`. `request.user` is the Caller."""

    def authenticate(self, request: Request) -> tuple[Caller, KeyValues]:
        key = live_key(request.META.get("HTTP_AUTHORIZATION", ""), KeyKind.PLATFORM)
        if key is None:
            raise AuthenticationFailed("A live platform key is needed.")
        label = configuration.current().labels[key.label_id]
        if not is_allowed_address(label, request.META):
            raise PermissionDenied("The caller's address is not allowed.")
        note_use(key)
        return Caller(label=label, brand_id=key.brand_id), key

    def authenticate_header(self, request: Request) -> str:
        """So that a missing key is answered 401."""
        return "Bearer"


class PlatformKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The key in the OpenAPI schema."""

    target_class = PlatformKey
    name = "platform_key"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}
