"""The directories of this process: made when first needed, and anew when their settings change."""

import threading

from gateway_project.lib.crypto import Undecryptable
from gateways.values import LabelValues
from users.directories.base import Directory, DirectoryDown
from users.directories.http import HttpDirectory
from users.directories.sql import SqlDirectory

KINDS: dict[str, type[Directory]] = {cls.kind: cls for cls in (HttpDirectory, SqlDirectory)}

_lock = threading.Lock()
_kept: dict[int, Directory] = {}


def directory_of(label: LabelValues) -> Directory | None:
    """The directory that is to be asked; None where the label's users are stored here.

    Raises DirectoryDown where its settings cannot be decrypted.
    """
    if label.directory is None:
        return None
    try:
        settings = label.directory.reveal()
    except Undecryptable:
        raise DirectoryDown("its settings cannot be decrypted") from None
    with _lock:
        kept = _kept.get(label.id)
        if kept is None or kept.settings != settings:
            if kept is not None:
                kept.close()
            kept = _kept[label.id] = KINDS[settings["kind"]](settings)
        return kept


def forget() -> None:
    """Lets go of all of them."""
    with _lock:
        while _kept:
            _kept.popitem()[1].close()
