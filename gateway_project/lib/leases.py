"""How long what a worker has claimed is left to it after its last sign of life."""

from datetime import timedelta

from django.conf import settings

LEASE = timedelta(seconds=settings.LEASE_SECONDS)
RENEW_SECONDS = settings.LEASE_SECONDS / 4
"""A worker that is late with one renewal, or two, has lost nothing."""
