"""The roles of the people in the back office, as Django groups.

They are written by `migrate`, each time as they stand here: to have a role of one's own, make a
group beside them.
"""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import Group, Permission

SET_UP = ("label", "brand", "key", "template", "templatefield", "gateway")
FLOW = (
    *("messages_app.message", "messages_app.sendattempt", "messages_app.statusevent"),
    *("messages_app.inboxentry", "messages_app.wordmapping", "messages_app.relay"),
    *("callbacks.callbackdelivery", "callbacks.deliveryattempt"),
    *("users.enduser", "users.missinguser", "users.suppression", "users.lifting"),
    *("users.erasureproof", "users.importrun"),
)


def _each(verbs: str, *models: str) -> frozenset[str]:
    """Permissions such as users.view_enduser."""
    pairs = [model.split(".") for model in models]
    return frozenset(f"{app}.{verb}_{name}" for verb in verbs.split() for app, name in pairs)


_SET_UP = tuple(f"gateways.{name}" for name in SET_UP)
_SEE = _each("view", *_SET_UP, *FLOW)
_OPERATE = frozenset(
    {
        "messages_app.resend_message",
        "messages_app.test_message",
        "messages_app.retry_relay",
        "callbacks.replay_callbackdelivery",
        "users.lift_suppression",
    }
)

SUPPORT = _SEE
OPERATOR = (
    _SEE
    | _OPERATE
    | _each("add change", *_SET_UP)
    | _each("add change delete", "messages_app.wordmapping")
    | {"gateways.delete_templatefield"}
)
AUDITOR = (
    _SEE
    | _each("view", "gateways.auditentry", "auth.user", "auth.group")
    | {"gateways.export_auditentry"}
)
ADMINISTRATOR = (
    OPERATOR
    | AUDITOR
    | _each("delete", *_SET_UP)
    | _each("add change", "auth.user")
    | _each("add change delete", "auth.group")
    | {"users.reveal_enduser", "users.erase_enduser", "users.export_enduser"}
    | {"users.import_enduser"}
    | {"users.export_missinguser"}
)

ROLES: Mapping[str, frozenset[str]] = {
    "operator": OPERATOR,
    "support": SUPPORT,
    "auditor": AUDITOR,
    "administrator": ADMINISTRATOR,
}


def establish(**_: Any) -> None:
    """Makes the four groups be as they are declared. Called when `migrate` is done."""
    rows = Permission.objects.select_related("content_type")
    by_name = {f"{row.content_type.app_label}.{row.codename}": row for row in rows}
    for name, permissions in ROLES.items():
        group, _created = Group.objects.get_or_create(name=name)
        group.permissions.set([by_name[permission] for permission in permissions])
