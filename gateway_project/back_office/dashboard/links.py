"""Links from a figure to the rows behind it."""

from django.urls import reverse
from django.utils.http import urlencode

from gateway_project.back_office.dashboard.sight import Sight

BY_LABEL = frozenset(
    {
        *("gateways.gateway", "gateways.brand", "gateways.key", "users.missinguser"),
        *("messages_app.message", "messages_app.relay", "callbacks.callbackdelivery"),
    }
)
"""The lists that can be narrowed to one label."""


def list_of(model: str, sight: Sight, **narrowed: str) -> str:
    """The list of a model's rows, narrowed to those that are meant; of the chosen label, if any.

    Nothing for who may not open it.
    """
    app, name = model.split(".")
    if not sight.may(f"{app}.view_{name}"):
        return ""
    if sight.chosen is not None and model in BY_LABEL:
        narrowed["label__id__exact"] = str(sight.chosen)
    page = reverse(f"admin:{app}_{name}_changelist")
    return f"{page}?{urlencode(narrowed)}" if narrowed else page
