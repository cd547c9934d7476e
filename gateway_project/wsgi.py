"""The WSGI application that the web server runs."""

import os
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from gateway_project.lib import collecting, observing
from gateway_project.lib.bodies import BodyReceiver
from gateway_project.operations.front_door import FrontDoor

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway_project.settings")

observing.begin("web")

PATIENCE_MILLISECONDS = 2_000
"""A caller is told to come again rather than kept waiting for a migration's lock, or for a
database server that has fallen silent."""

if not settings.EMBEDDED:
    _options = settings.DATABASES["default"]["OPTIONS"]
    _given = _options.get("options", "")
    _options["options"] = f"{_given} -c lock_timeout={PATIENCE_MILLISECONDS}".strip()
    _options.setdefault("tcp_user_timeout", PATIENCE_MILLISECONDS)

_django = BodyReceiver(
    FrontDoor(get_wsgi_application(), threads=settings.WEB_THREADS), limit=settings.BODY_LIMIT
)
import_module("gateway_project.checks").refuse_wrong_keys()  # it imports models
collecting.keep_flushing()
_inherited = tuple(os.environ.items())


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Django, on an environ without the process's own variables, among which are secrets."""
    for name, value in _inherited:
        if environ.get(name) == value:
            del environ[name]
    return _django(environ, start_response)
