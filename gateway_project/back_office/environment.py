"""The badge that says where one is."""

from django.conf import settings
from django.http import HttpRequest

PRODUCTION = "production"
COLOURS = {PRODUCTION: "danger", "staging": "warning", "demo": "info"}
"""Of the theme's labels; any other environment is plain."""


def badge(request: HttpRequest) -> list[str]:
    """The environment's name and the colour of its badge: red in production."""
    name: str = settings.ENVIRONMENT
    return [name.capitalize(), COLOURS.get(name.lower(), "success")]
