"""The sources that processes are started from, and whether they are still what they were."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from django.apps import apps
from django.conf import settings

Stamp = tuple[int, int]


def stamps() -> dict[Path, Stamp]:
    """Of every module of the gateway: when it was written, and its size."""
    found: dict[Path, Stamp] = {}
    for path in (path for package in packages() for path in package.rglob("*.py")):
        with suppress(FileNotFoundError):  # it may be going this very moment
            found[path] = _stamp(path)
    return found


def packages() -> set[Path]:
    """The directories of the project's own packages."""
    installed = {Path(config.path) for config in apps.get_app_configs()}
    own = {path for path in installed if path.parent == settings.BASE_DIR}
    return own | {settings.BASE_DIR / "gateway_project"}


def changed_since(before: Mapping[Path, Stamp]) -> list[str]:
    """The modules that are new, gone or written again."""
    now = stamps()
    changed = {path for path, _ in before.items() ^ now.items()}
    return sorted(str(path.relative_to(settings.BASE_DIR)) for path in changed)


def _stamp(path: Path) -> Stamp:
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size
