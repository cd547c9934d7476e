from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from gateways.models import Label, StaffLimit
from tests.factories import LabelFactory


@pytest.fixture
def operator(db: None) -> Client:
    """A superuser's browser."""
    return _logged_in(User.objects.create_superuser("operator"))


@pytest.fixture
def stranger(db: None) -> Client:
    """A browser of staff without any permission."""
    return _logged_in(User.objects.create_user("stranger", is_staff=True))


@pytest.fixture
def reader(db: None) -> Client:
    """A browser of staff who may view everything here and change nothing."""
    user = User.objects.create_user("reader", is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(content_type__app_label="gateways", codename__startswith="view_")
    )
    return _logged_in(user)


@pytest.fixture
def limited(db: None) -> Client:
    """A browser of an operator who is limited to a label that has nothing in it."""
    return limited_operator(LabelFactory())


def limited_operator(*labels: Label) -> Client:
    """A browser of an operator who is limited to these labels."""
    user = User.objects.create_user("limited", is_staff=True)
    user.groups.set([Group.objects.get(name="operator")])
    StaffLimit.objects.create(user=user).labels.set(labels)
    return _logged_in(user)


def _logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client


def filled_in(client: Client, url: str, **changes: Any) -> dict[str, Any]:
    """What a browser would post from this page, with these changes."""
    context = client.get(url).context
    forms = [context["adminform"].form]
    for inline in context.get("inline_admin_formsets", ()):
        forms += [inline.formset.management_form, *inline.formset.forms]
    posted = {}
    for form in forms:
        for bound in form:
            value = bound.value()
            if value is not None and value is not False:
                posted[bound.html_name] = "on" if value is True else value
    return {**posted, **changes}


def errors_of(answer: Any) -> dict[str, list[str]]:
    """The errors on an answered page; none where it was saved."""
    if answer.context is None or "adminform" not in answer.context:
        return {}
    return dict(answer.context["adminform"].form.errors)
