"""Writes the skeleton of a provider adapter, and the files with which the tests try it."""

import keyword
import re
from argparse import ArgumentParser
from pathlib import Path
from string import Template
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from gateway_project.lib.vocabulary import Channel

SKELETON = Path(__file__).parents[2] / "skeleton"
SLUG = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
TESTS = "tests/gateways/providers"
FILES = {
    "provider.py.txt": "gateways/providers/{slug}.py",
    "account.py.txt": f"{TESTS}/accounts/{{slug}}.py",
    "recorded.json.txt": f"{TESTS}/recorded/{{slug}}/every-status.json",
    "sent.json.txt": f"{TESTS}/sent/{{slug}}/{{channel}}.json",
    "test.py.txt": f"{TESTS}/test_{{slug}}.py",
}
LIST = re.compile(r"^PROVIDERS = \[\n(?:    .*\n)*?(?=\])", re.MULTILINE)


class Command(BaseCommand):
    help = "Writes the skeleton of a provider adapter, its tests, and its line in PROVIDERS."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="The service's name in lower case: fast_sms")
        parser.add_argument(
            "--channel", choices=Channel.values, default=Channel.SMS, help="Its first channel."
        )
        parser.add_argument(
            "--into", type=Path, default=settings.BASE_DIR, metavar="FOLDER", help="The checkout."
        )

    def handle(self, *, name: str, channel: str, into: Path, **options: Any) -> None:
        if not SLUG.fullmatch(name):
            raise CommandError("A name is lower-case letters, digits and single underscores.")
        if keyword.iskeyword(name):
            raise CommandError(f"{name} is a word of Python's own: choose another name.")
        paths = {
            source: into / path.format(slug=name, channel=channel) for source, path in FILES.items()
        }
        there = [path for path in paths.values() if path.exists()]
        if there:
            raise CommandError(f"{there[0].relative_to(into)} is there already.")
        settings_file = into / "gateway_project" / "settings.py"
        listed = _with_line(settings_file, f"gateways.providers.{name}.{_class_name(name)}")
        words = {
            "slug": name,
            "class_name": _class_name(name),
            "title": name.replace("_", " ").capitalize(),
            "channel": Channel(channel).name,
        }
        for source, path in paths.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(Template((SKELETON / source).read_text()).substitute(words))
            self.stdout.write(f"wrote {path.relative_to(into)}")
        settings_file.write_text(listed)
        self.stdout.write("added a line to PROVIDERS in gateway_project/settings.py")
        self.stdout.write(
            f"Next: docs/add-a-provider.md. Its tests: .venv/bin/pytest {TESTS} -k {name}"
        )


def _class_name(slug: str) -> str:
    return "".join(part.capitalize() for part in slug.split("_"))


def _with_line(settings_file: Path, path: str) -> str:
    """The settings with the provider listed last."""
    text = settings_file.read_text() if settings_file.is_file() else ""
    found = LIST.search(text)
    if found is None:
        raise CommandError("gateway_project/settings.py with a list PROVIDERS is not there.")
    return f'{text[: found.end()]}    "{path}",\n{text[found.end() :]}'
