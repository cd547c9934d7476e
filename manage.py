#!/usr/bin/env python
"""Gatehouse's command line."""

import os
import sys


def main() -> None:
    """Runs the command; settings that cannot be used end it with one sentence."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway_project.settings")
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        settings.DATABASES  # noqa: B018  read here: Django would try again at each question
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        if "--traceback" in sys.argv:
            raise
        sys.exit(f"Gatehouse cannot start: {error}")


if __name__ == "__main__":
    main()
