"""All paths. Smartico's and the providers' are answered with and without a trailing slash."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
]
