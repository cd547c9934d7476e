"""The roles as they are declared, as `migrate` writes them, and as the README tells them."""

import pytest
from django.conf import settings
from django.contrib.auth.models import Group

from gateway_project.back_office.roles import ROLES, establish
from tests.back_office.people import browser_of, person_with

TOLD = {
    "see set-up, messages, callbacks and end users, addresses masked": (
        *("gateways.view_gateway", "messages_app.view_message"),
        *("callbacks.view_callbackdelivery", "users.view_enduser"),
    ),
    "change labels, keys, gateways, templates": (
        *("gateways.change_label", "gateways.add_key"),
        *("gateways.add_gateway", "gateways.change_template"),
    ),
    "send again, replay callbacks, send tests": (
        *("messages_app.resend_message", "messages_app.test_message"),
        "callbacks.replay_callbackdelivery",
    ),
    "lift suppressions, with a reason": ("users.lift_suppression",),
    "read and export the audit": ("gateways.view_auditentry",),
    "delete set-up": ("gateways.delete_gateway",),
    "manage people and roles": ("auth.add_user", "auth.change_user", "auth.change_group"),
    "reveal an address, with a reason, for a minute, at most 20 an hour": ("users.reveal_enduser",),
    "export and erase end users, with a reason": ("users.export_enduser", "users.erase_enduser"),
    "import end users from a file": ("users.import_enduser",),
    "export the ids of missing users": ("users.export_missinguser",),
}


def test_the_readme_tells_what_each_role_may():
    section = (settings.BASE_DIR / "README.md").read_text().partition("## People")[2]
    lines = [line for line in section.partition("\n## ")[0].splitlines() if line[:2] == "| "]
    header, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert header == ["may", *ROLES]
    told = {row[0]: [cell == "yes" for cell in row[1:]] for row in rows}
    assert told == {
        text: [held.issuperset(permissions) for held in ROLES.values()]
        for text, permissions in TOLD.items()
    }
    for text, permissions in TOLD.items():
        for held, is_told in zip(ROLES.values(), told[text], strict=True):
            assert is_told or held.isdisjoint(permissions)


@pytest.mark.django_db
def test_migrating_makes_a_role_be_as_it_is_declared():
    group = Group.objects.get(name="support")
    group.permissions.set(Group.objects.get(name="administrator").permissions.all())
    establish()
    held = group.permissions.select_related("content_type")
    assert {f"{row.content_type.app_label}.{row.codename}" for row in held} == ROLES["support"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "groups", "absent"),
    [
        ("", [], "Messages"),
        ("support", ["Label", "Gateways", "Messages", "Health"], "Audit"),
        ("auditor", ["Label", "Gateways", "Messages", "Health", "House"], "Be Smartico"),
        ("administrator", ["Label", "Gateways", "Messages", "Health", "House"], ""),
    ],
)
def test_the_sidebar_holds_what_may_be_opened(role, groups, absent):
    context = browser_of(person_with(*[role] if role else [])).get("/admin/two-factor/").context
    shown = context["sidebar_navigation"]
    assert [group["title"] for group in shown] == groups
    assert absent not in [item["title"] for group in shown for item in group["items"]]
