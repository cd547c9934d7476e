"""`python -m benchmarks`: plays the scenarios and writes the report."""

import argparse
import os
import signal
import sys
from pathlib import Path

from benchmarks import broker, loading
from benchmarks.bench import bench
from benchmarks.machine import machine
from benchmarks.playing import play
from benchmarks.results import document, write
from benchmarks.scenarios import SCENARIOS
from benchmarks.tables import markdown

SERVER = "postgres://postgres@127.0.0.1:5432/"
REPORT = Path(__file__).with_name("results") / "latest.json"
NEEDED = ((loading.installed, loading.MISSING), (broker.is_there, broker.MISSING))
USERS = 10_000
PAST = 10_000_000
FULL = {"rounds": 3, "seconds": 8.0, "backlog": 16_000}
QUICK = {"rounds": 1, "seconds": 2.0, "backlog": 2_000}


def options() -> argparse.Namespace:
    names = [scenario.name for scenario in SCENARIOS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="One short round, under 3 minutes.")
    parser.add_argument("--only", action="append", choices=names, help="May be given again.")
    parser.add_argument("--rounds", type=int, help=f"Default: {FULL['rounds']}.")
    parser.add_argument("--seconds", type=float, help=f"Of a load. Default: {FULL['seconds']:g}.")
    parser.add_argument("--backlog", type=int, help="How many messages wait to be sent.")
    parser.add_argument(
        "--past", type=int, default=PAST, help=f"Messages of an old house. Default: {PAST:,}."
    )
    given = parser.parse_args()
    for name, value in (QUICK if given.quick else FULL).items():
        if getattr(given, name) is None:
            setattr(given, name, value)
    return given


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # what was made is taken away
    for is_there, missing in NEEDED:
        if not is_there():
            sys.exit(missing)
    given = options()
    chosen = [
        scenario
        for scenario in SCENARIOS
        if (scenario.name in given.only if given.only else scenario.is_quick or not given.quick)
    ]
    with bench(
        seconds=given.seconds,
        backlog=given.backlog,
        users=USERS,
        past=given.past,
        server_url=os.environ.get("DATABASE_URL") or SERVER,
    ) as here:
        line = machine(here.server)
        print(line, flush=True)
        played = play(here, chosen, given.rounds, lambda text: print(text, flush=True))
    report = document(line, played, rounds=given.rounds, seconds=given.seconds)
    table = markdown(report)
    write(report, Path(os.environ.get("BENCH_REPORT") or REPORT), table)
    print(table)


if __name__ == "__main__":
    main()
