"""The page on which people set up and look after their own second factor."""

from base64 import b32encode
from collections.abc import Callable
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

import segno
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest

from gateway_project.back_office.page import Page
from gateway_project.back_office.two_factor import factor
from gateway_project.back_office.two_factor.standing import TOKEN, has_second_factor, step_owed
from gateway_project.back_office.two_factor.step import FirstTokenForm, TokenForm
from gateways.models import TokenApp

ISSUER = "Gatehouse"


class TwoFactorPage(Page):
    """Shows a secret while it is being set up, recovery codes while they are made; never again."""

    path = "two-factor/"
    name = "two_factor"
    title = "Two-factor"
    permission = ""
    template_name = "admin/two_factor/page.html"

    @classmethod
    def may_open(cls, user: Any) -> bool:
        """Everybody may open their own."""
        return bool(user.is_active and user.is_staff)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not self.may_open(request.user) or step_owed(request.user) == TOKEN:
            return redirect_to_login(request.path, "admin:login")
        return super().dispatch(request, *args, **kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        act = self.ACTS.get(request.POST.get("do", ""))
        return act(self) if act else HttpResponseBadRequest("Nothing of that name.")

    def start(self) -> HttpResponse:
        device = factor.start(self.request.user)
        return self.show(**_enrolment(device), form=FirstTokenForm()) if device else self.show()

    def confirm(self) -> HttpResponse:
        form = FirstTokenForm(self.request.POST)
        codes = self._with_token(form, factor.confirm)
        if codes:
            return self.show(codes=codes)
        device = factor.unconfirmed(self.request.user)
        return self.show(**_enrolment(device), form=form) if device else self.show()

    def renew(self) -> HttpResponse:
        form = TokenForm(self.request.POST)
        return self.show(form=form, codes=self._with_token(form, factor.renew_codes))

    def remove(self) -> HttpResponse:
        form = TokenForm(self.request.POST)
        self._with_token(form, factor.remove)
        return self.show(form=form)

    ACTS: ClassVar[dict[str, Callable[["TwoFactorPage"], HttpResponse]]] = {
        "start": start,
        "confirm": confirm,
        "renew": renew,
        "remove": remove,
    }

    def _with_token(self, form: TokenForm, act: Callable[[HttpRequest, str], Any]) -> Any:
        """What the act answers; None where the token was refused, which the form then says."""
        if not form.is_valid():
            return None
        try:
            return act(self.request, form.cleaned_data["token"])
        except factor.TokenRefused as refused:
            form.add_error("token", str(refused))
            return None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        person = self.request.user
        has_one = has_second_factor(person)
        own = {
            "form": TokenForm(),
            "has_one": has_one,
            "codes_left": factor.codes_left(person) if has_one else 0,
            "is_required": step_owed(person) is not None,
        }
        return super().get_context_data(**{**own, **kwargs})


def _enrolment(device: TokenApp) -> dict[str, Any]:
    """What a telephone needs to know, as a picture and as text."""
    secret = b32encode(device.key).decode()
    picture = segno.make(_key_uri(device, secret), error="m")
    return {
        "picture": picture.svg_data_uri(scale=5, border=3, light="white"),
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
    }


def _key_uri(device: TokenApp, secret: str) -> str:
    """The address that authenticator apps read from a picture."""
    name = quote(f"{ISSUER}:{device.user.get_username()}")
    details = {
        "secret": secret,
        "issuer": ISSUER,
        "algorithm": "SHA1",
        "digits": device.DIGITS,
        "period": device.STEP_SECONDS,
    }
    return f"otpauth://totp/{name}?{urlencode(details)}"
