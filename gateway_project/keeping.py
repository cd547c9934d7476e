"""The secrets that the embedded default makes for itself and keeps under DATA_DIR, mode 0600."""

import base64
import os
import secrets
from collections.abc import Callable
from pathlib import Path

MAKERS: dict[str, Callable[[], str]] = {
    "SECRET_KEY": lambda: secrets.token_urlsafe(48),
    "PII_KEYS": lambda: f"k1:{base64.b64encode(os.urandom(32)).decode()}",
    "PII_INDEX_KEY": lambda: secrets.token_urlsafe(32),
}


def embedded_secret(data_dir: Path, name: str) -> str:
    """The kept secret of this name, made at the first call. Two first starts agree on one."""
    path = _path(data_dir, name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        draft = path.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(MAKERS[name]())
        try:
            os.link(draft, path)  # fails where another start was first; never half a file
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


def kept_secret(data_dir: Path, name: str) -> str | None:
    """The kept secret of this name; None where none was ever made, or none may be read."""
    try:
        return _path(data_dir, name).read_text().strip()
    except OSError:
        return None


def _path(data_dir: Path, name: str) -> Path:
    return data_dir / "keys" / name.lower()
