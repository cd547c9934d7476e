"""`make test`: the suite on SQLite, on PostgreSQL, in the browser, what takes the whole machine,
and what was left out.

A missing service leaves its part out; with REQUIRE_SERVICES=1 it is a failure.
"""

import os
import subprocess
import sys
from collections.abc import Iterable, Sequence

from tests import services

SPREAD = ("-n", "auto", "--maxprocesses", "4")
BY_FILE = ("-n", "2", "--dist", "loadfile")
"""Two browsers, and what a file has built is built once."""
NOT = ("-n", "0")
ALONE = (*NOT, "--last-failed", "--last-failed-no-failures", "none", "-v")
"""What failed beside others on a busy machine may pass alone; it is named either way."""
SOME_FAILED = 1
NEEDS_POSTGRESQL = ("postgresql", "redis", "rabbitmq")


def main() -> int:
    missing = services.missing()
    server = {} if "postgresql" in missing else {"DATABASE_URL": services.POSTGRESQL_URL}
    passed = [run("SQLite", without=(*NEEDS_POSTGRESQL, "browser", "alone"))]
    if server:
        passed.append(run("PostgreSQL", without=("browser", "alone", *missing), environment=server))
    if "browser" not in missing:
        passed.append(run("Chromium", only="browser", spread=BY_FILE))
    passed.append(
        run("One at a time", only="alone", without=missing, spread=NOT, environment=server)
    )
    return conclude(passed=all(passed), missing=list(missing.values()))


def run(
    title: str,
    *,
    only: str = "",
    without: Iterable[str] = (),
    spread: Sequence[str] = SPREAD,
    environment: dict[str, str] | None = None,
) -> bool:
    """One pytest run. One that selects nothing passes too."""
    wanted = [only, *(f"not {marker}" for marker in dict.fromkeys(without))]
    marks = " and ".join(filter(None, wanted))
    print(f"\n== {title}", flush=True)  # noqa: T201
    command = [sys.executable, "-m", "pytest", "-q", "-m", marks, *sys.argv[1:]]
    surroundings = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    surroundings |= environment or {}
    code = subprocess.run([*command, *spread], env=surroundings, check=False).returncode
    if code == SOME_FAILED:
        print(f"\n== {title}: what failed, once more and alone", flush=True)  # noqa: T201
        code = subprocess.run([*command, *ALONE], env=surroundings, check=False).returncode
    return code in (0, 5)


def conclude(*, passed: bool, missing: list[str]) -> int:
    """Says what was left out and whether that is a failure."""
    is_required = os.environ.get("REQUIRE_SERVICES") == "1"
    print()  # noqa: T201
    if missing:
        print(f"Left out, not reachable: {', '.join(missing)}.")  # noqa: T201
        if is_required:
            print("REQUIRE_SERVICES=1: a missing service is a failure.")  # noqa: T201
    print("All passed." if passed else "Some failed.")  # noqa: T201
    return 0 if passed and not (missing and is_required) else 1


if __name__ == "__main__":
    sys.exit(main())
