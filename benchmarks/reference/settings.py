"""As `startproject` writes them, with a kept connection to the database."""

import os

import environ

SECRET_KEY = os.environ["USUAL_SECRET_KEY"]
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "benchmarks.reference.urls"
WSGI_APPLICATION = "benchmarks.reference.wsgi.application"
DATABASES = {
    "default": {**environ.Env.db_url_config(os.environ["USUAL_DATABASE_URL"]), "CONN_MAX_AGE": None}
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "rest_framework",
    "benchmarks.reference",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
REST_FRAMEWORK = {"DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"]}

# What the house knows by heart: whose secret it is, where it may be called from and report to,
# and through which provider each channel goes.
AUTHORIZATION = os.environ["USUAL_AUTHORIZATION"]
PII_KEY = bytes.fromhex(os.environ["USUAL_PII_KEY"])
CALLBACK_HOSTS = [os.environ["USUAL_CALLBACK_HOST"]]
GATEWAYS = {
    "sms": f"{os.environ['USUAL_PROVIDER']}/instant",
    "viber": f"{os.environ['USUAL_PROVIDER']}/slow",
}
PUBLISHES_TASKS = os.environ.get("USUAL_PUBLISHES_TASKS") == "1"
BROKER_URL = os.environ["USUAL_BROKER_URL"]
QUEUE = os.environ["USUAL_QUEUE"]
