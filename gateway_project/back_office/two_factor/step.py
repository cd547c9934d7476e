"""The page between the password and the back office, for those who have a second factor."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.views import RedirectURLMixin, redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.views.generic import FormView

from gateway_project.back_office.two_factor.factor import TokenRefused, let_in, verify
from gateway_project.back_office.two_factor.standing import TOKEN, step_owed
from gateway_project.lib.admin import TokenFormField

TOKEN_LENGTH = 32


class TokenForm(forms.Form):
    """A token or a recovery code."""

    token = TokenFormField(
        max_length=TOKEN_LENGTH,
        help_text="Six digits from the app on your telephone, or one of your recovery codes.",
    )


class FirstTokenForm(TokenForm):
    """The token that shows that the telephone has the secret: there are no recovery codes yet."""

    token = TokenFormField(max_length=TOKEN_LENGTH)


class TokenStep(RedirectURLMixin, FormView):  # type: ignore[type-arg]
    """Asks for the token, then leads on to where the person wanted to go."""

    template_name = "admin/two_factor/token.html"
    form_class = TokenForm
    next_page = "admin:index"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not (request.user.is_active and request.user.is_staff):
            return redirect_to_login(self.get_success_url(), "admin:login")
        if step_owed(request.user) != TOKEN:
            return HttpResponseRedirect(self.get_success_url())
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: TokenForm) -> HttpResponse:
        try:
            let_in(self.request, verify(self.request, form.cleaned_data["token"]))
        except TokenRefused as refused:
            form.add_error("token", str(refused))
            return self.form_invalid(form)
        return HttpResponseRedirect(self.get_success_url())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = admin.site.each_context(self.request)
        return super().get_context_data(**{**context, "title": "Second factor", **kwargs})
