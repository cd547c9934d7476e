"""How many lines a second an import takes, and the memory of its process at its largest.

    createdb gatehouse_import
    DATABASE_URL=postgres://postgres@127.0.0.1/gatehouse_import DATA_DIR=/tmp/import \
    SECRET_KEY=x PII_INDEX_KEY=x python benchmarks/import_users.py [LINES]

Without DATABASE_URL it is an embedded database under DATA_DIR. Writes a CSV file of users (brand,
e-mail address, phone, two properties; one line in a thousand is bad) and runs the command over it
in processes of their own: a small part of it first, to compare the memory with, then whole, and
once more when every user is there already.
"""

import base64
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway_project.settings")
os.environ.setdefault("PII_KEYS", f"k1:{base64.b64encode(os.urandom(32)).decode()}")

import django

django.setup()

from django.conf import settings
from django.core.management import call_command

from benchmarks.arguments import numbers
from gateways.models import Brand, Label
from users.models import EndUser

SMALL = 2_000
BAD_EVERY = 1_000


def write(path: Path, lines: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write("ext_user_id,brand,email,phone,country,market\n")
        file.writelines(line(number) for number in range(lines))
    print(f"{lines:,} lines: {path.stat().st_size / 1e6:.1f} MB", flush=True)


def line(number: int) -> str:
    email = f"person.{number}@mailbox.example" if number % BAD_EVERY else "nobody"
    return f"user-{number},a,{email},+49151{number:08d},DE,north\n"


def measure(what: str, path: Path, lines: int) -> None:
    """Runs the command, and prints what it took, its start included, and how much of that was its
    own processor time: the rest is the database's, and that of whoever else is on the machine."""
    command = [sys.executable, "manage.py", "import_users", str(path), "--label=label"]
    began = time.monotonic()
    process = subprocess.Popen(  # noqa: S603  our own command
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, _, usage = os.wait4(process.pid, 0)
    took = time.monotonic() - began
    own, megabytes = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
    print(
        f"{what}: {took:.1f} s, {lines / took:,.0f} lines/s; its own share {own:.1f} s, "
        f"{lines / own:,.0f} lines/s; at most {megabytes:.0f} MB",
        flush=True,
    )


def main() -> None:
    (lines,) = numbers(1_000_000)
    call_command("migrate", verbosity=0)
    assert not Label.objects.exists(), "an empty database is needed"
    Brand.objects.create(label=Label.objects.create(slug="label", name="Label"), slug="a", name="A")
    small, whole = (settings.DATA_DIR / name for name in ("small.csv", "whole.csv"))
    write(small, SMALL)
    write(whole, lines)
    measure("a small file", small, SMALL)
    measure("new users", whole, lines)
    print(f"{EndUser.objects.count():,} users", flush=True)
    measure("the same again", whole, lines)


if __name__ == "__main__":
    main()
