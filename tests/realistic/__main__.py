"""`python -m tests.realistic`: fills the database under DATA_DIR and tells how to look at it.

Prints JSON: the session of an administrator, where every page is that can be opened, and of what
there is much to see: a message and an end user.
"""

import json
import logging
import sys

import django


def main() -> None:
    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.test import Client

    from tests.realistic.building import build
    from tests.realistic.pages import paths

    call_command("migrate", verbosity=0)
    build()
    logging.disable()  # of what is asked for below, much is refused to all
    client = Client(headers={"host": "localhost"})
    client.force_login(
        User.objects.create_superuser("root", password="root"),
        "django.contrib.auth.backends.ModelBackend",
    )
    facts = {
        "session": client.cookies["sessionid"].value,
        "paths": paths(client),
        "message": _path_of_a_long_story(),
        "ext_user_id": _somebody(),
    }
    json.dump(facts, sys.stdout)


def _path_of_a_long_story() -> str:
    """Of a message that went another way, and of which most was learnt in the end."""
    from django.db.models import Count
    from django.urls import reverse

    from messages_app.models import Message

    longest_first = Message.objects.filter(attempts__gt=1).annotate(learnt=Count("status_events"))
    rows = longest_first.order_by("-learnt", "-pk").prefetch_related("send_attempts")
    chosen = next(row for row in rows if row.send_attempts.all()[0].gateway_id != row.gateway_id)
    return reverse("admin:messages_app_message_change", args=[chosen.pk])


def _somebody() -> str:
    """A user for whom several gateways of a channel fit."""
    from users.models import EndUser

    rows = EndUser.objects.filter(brand__slug="casino").exclude(email=None).order_by("pk")
    return next(user.ext_user_id for user in rows if user.properties["country"] == "DE")


if __name__ == "__main__":
    main()
