"""The roles that `migrate` writes."""

import pytest
from django.contrib.auth.models import Group

from gateway_project.back_office.roles import ROLES


@pytest.mark.django_db
def test_every_role_is_there_after_migrate_with_the_permissions_it_declares():
    found = {
        group.name: {
            f"{app}.{name}"
            for app, name in group.permissions.values_list("content_type__app_label", "codename")
        }
        for group in Group.objects.all()
    }
    assert found == ROLES
