"""The paths for the operations."""

from django.urls import re_path

from gateway_project.operations import health, metrics

urlpatterns = [
    re_path(r"^health/live/?$", health.live),
    re_path(r"^health/ready/?$", health.ready),
    re_path(r"^metrics/?$", metrics.metrics),
]
