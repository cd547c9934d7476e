"""A worker that has so many calls in the air at most: `python -m benchmarks.capped 2`.

With it the cores are not the limit, and what is seen is whether more workers send more.
"""

import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway_project.settings")

import django

django.setup()

from django.core.management import call_command

from gateways.providers.base import HttpProvider

if __name__ == "__main__":
    HttpProvider.concurrency = int(sys.argv[1])
    call_command("worker", processes=1)
