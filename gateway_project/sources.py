"""Where a secret of the settings comes from: the environment, a file, or a command that prints it.

What a command prints, and what it was called with, is never repeated.
"""

import os
import select
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import IO

from django.core.exceptions import ImproperlyConfigured

SECONDS = 10.0
MOST_BYTES = 65_536
RUN_IT = "Run it by hand, as the user and in the environment of the gateway."


class SourceRefused(ImproperlyConfigured):
    """A secret cannot be had. Worded as Django words its system checks."""

    def __init__(self, check_id: str, text: str, hint: str) -> None:
        super().__init__(f"({check_id}) {text}\n\tHINT: {hint}")


def check_one_source(name: str, environ: Mapping[str, str]) -> None:
    """Raises SourceRefused where several would have to agree."""
    sources = (name, f"{name}_FILE", f"{name}_COMMAND")
    given = [source for source in sources if environ.get(source)]
    if len(given) > 1:
        raise SourceRefused(
            "gatehouse.E010",
            f"{' and '.join(given)} are set: only one of them can be right.",
            f"Keep the one that {name} is to come from.",
        )


def text_of_file(name: str, read: Callable[[], str]) -> str:
    """What `read` answers. Raises SourceRefused where the file of `name` cannot be read."""
    try:
        return read().strip()
    except (OSError, UnicodeDecodeError):
        raise SourceRefused(
            "gatehouse.E012",
            f"{name}_FILE names a file that cannot be read.",
            "See that it is there, is text, and may be read by the user of the gateway.",
        ) from None


def output_of(name: str, command: str) -> str:
    """What the command prints, without the white space around it; it is called without a shell.

    `name` is the variable that holds the command. Raises SourceRefused.
    """
    try:
        text = _printed(name, shlex.split(command)).decode().strip()
    except UnicodeDecodeError:
        raise _refused(name, "printed something other than text") from None
    except (OSError, ValueError, IndexError):
        raise _refused(name, "cannot be started") from None
    if not text:
        raise _refused(name, "printed nothing")
    return text


def _printed(name: str, words: list[str]) -> bytes:
    deadline = time.monotonic() + SECONDS
    process = subprocess.Popen(  # noqa: S603  the house's own command, as its owner wrote it
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        output = _read(name, process.stdout, deadline)
        code = process.wait(max(0.0, deadline - time.monotonic()))
    except (subprocess.TimeoutExpired, TimeoutError):
        raise _refused(name, f"was not done within {SECONDS:.0f} seconds") from None
    finally:
        _end(process)
    if code:
        raise _refused(name, f"ended with exit code {code}")
    return output


def _read(name: str, stream: IO[bytes] | None, deadline: float) -> bytes:
    """All of it. Raises TimeoutError: a child may hold it open for ever."""
    output = b""
    while stream is not None:
        if not select.select([stream], [], [], max(0.0, deadline - time.monotonic()))[0]:
            raise TimeoutError
        chunk = os.read(stream.fileno(), MOST_BYTES)
        if not chunk:
            break
        output += chunk
        if len(output) > MOST_BYTES:
            raise _refused(name, "printed far more than a secret")
    return output


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Kills it and what it has started, unless it has ended by itself."""
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    with process:
        pass


def _refused(name: str, what: str) -> SourceRefused:
    return SourceRefused("gatehouse.E011", f"The command of {name} {what}.", RUN_IT)
