"""Settings. Every one of them comes from the environment; `.env.example` lists them all.

`NAME_FILE` may name a file that holds the value of `NAME`; for the keys of personal data
`NAME_COMMAND` may be a command that prints it.
"""

import os
import sys
from functools import partial
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.urls import reverse_lazy

from gateway_project.back_office import palette
from gateway_project.keeping import embedded_secret
from gateway_project.sources import check_one_source, output_of, text_of_file

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.FileAwareEnv()
if (BASE_DIR / ".env").is_file():
    env.read_env(BASE_DIR / ".env")


def _number(name: str, default: int) -> int:
    """Raises ImproperlyConfigured, which names the variable and does not repeat its value."""
    try:
        return int(env.int(name, default=default))
    except ValueError:
        raise ImproperlyConfigured(f"{name} is not a whole number.") from None


DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var"))).resolve()
HOST = env.str("HOST", default="127.0.0.1")
PORT = _number("PORT", 8000)
WEB_THREADS = _number("WEB_THREADS", 8)
DEBUG = env.bool("DEBUG", default=False)
ENVIRONMENT = env.str("ENVIRONMENT", default="production")

# ---- Database and keys: embedded under DATA_DIR unless a database server is named.
DATABASE_URL = env.str("DATABASE_URL", default="")
EMBEDDED = not DATABASE_URL or DATABASE_URL.startswith("sqlite")
if EMBEDDED:
    DATA_DIR.mkdir(parents=True, exist_ok=True)
DATABASES = {
    "default": env.db_url_config(DATABASE_URL or f"sqlite:///{DATA_DIR / 'gatehouse.sqlite3'}")
}
DATABASES["default"]["CONN_MAX_AGE"] = None
if EMBEDDED:
    # IMMEDIATE: a transaction that will write asks for the lock before it reads, so two never
    # deadlock. FULL: an answered 0 survives a power cut, as it does on a database server.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-4000;"
        ),
    }
else:
    # A server that vanishes without a word is noticed within seconds, not minutes.
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 2,
        "tcp_user_timeout": 5_000,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 2,
        # What is to be prepared says so itself; without a number nothing would ever be.
        "prepare_threshold": 1_000_000,
        **DATABASES["default"].get("OPTIONS", {}),
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


def _secret(name: str, command: str = "") -> str:
    """From one source; the embedded default makes its own, a database server asks for one."""
    check_one_source(name, os.environ)
    if command:
        return output_of(f"{name}_COMMAND", command)
    given = text_of_file(name, partial(env.str, name, default=""))
    return given or (embedded_secret(DATA_DIR, name) if EMBEDDED else "")


UNSET = "unset: the system checks refuse the start"
SECRET_KEY = _secret("SECRET_KEY") or UNSET
PII_KEYS = _secret("PII_KEYS", env.str("PII_KEYS_COMMAND", default=""))
PII_INDEX_KEY = _secret("PII_INDEX_KEY", env.str("PII_INDEX_KEY_COMMAND", default=""))

# ---- The engine: a broker with Celery workers, or none and a loop over the same drains.
BROKER_URL = env.str("BROKER_URL", default="")
BROKER_QUEUE = env.str("BROKER_QUEUE", default="gatehouse")
LEASE_SECONDS = _number("LEASE_SECONDS", 60)
CACHES = {"default": env.cache_url("CACHE_URL", default="locmemcache://")}

# ---- The outside.
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
PUBLIC_URL = env.str("PUBLIC_URL", default=f"http://127.0.0.1:{PORT}").rstrip("/")
TRUSTED_PROXIES = _number("TRUSTED_PROXIES", 0)
EGRESS_ALLOW = env.list("EGRESS_ALLOW", default=[])
BODY_LIMIT = _number("BODY_LIMIT", 6 * 1024 * 1024)
DATA_UPLOAD_MAX_MEMORY_SIZE = BODY_LIMIT
APPEND_SLASH = False

# Who may read /metrics: who has the token, and who calls from one of these networks.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
METRICS_ALLOW = env.list("METRICS_ALLOW", default=["127.0.0.0/8", "::1"])
METRICS_DIR = DATA_DIR / "metrics"

# Traces and faults, each only where it is named and its package is installed.
OTEL_EXPORTER_OTLP_ENDPOINT = env.str("OTEL_EXPORTER_OTLP_ENDPOINT", default="")
TRACED_SHARE = env.float("TRACED_SHARE", default=1.0)
SENTRY_DSN = env.str("SENTRY_DSN", default="")

# Labels' alerts go out by this mail server, under this sender.
ALERTS_EMAIL_URL = env.str("ALERTS_EMAIL_URL", default="")
ALERTS_FROM = env.str("ALERTS_FROM", default="")

# Smartico's protocol: these paths are answered 200 with `error_code`, whatever goes wrong.
PROTOCOL_PATHS = ("/api/v1", "/callbacks/status")

# ---- The apps, upper floors first.
INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "gateway_project.back_office.apps.BackOfficeConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "anymail",
    "axes",
    "django_otp",
    "callbacks",
    "messages_app",
    "users",
    "gateways",
    "gateway_project",
]
MIDDLEWARE = [
    # Counts what leaves, and answers nothing itself.
    "messages_app.counting.arrivals.ArrivalsMiddleware",
    # Before all others, so that no other layer answers on Smartico's paths.
    "gateway_project.lib.protocol_middleware.ProtocolMiddleware",
    # Before all that is for people: a provider's webhook is none of theirs.
    "callbacks.api.middleware.WebhooksMiddleware",
    # Before the host is looked at: probes and Prometheus call by the address of a machine.
    "gateway_project.operations.middleware.OperationsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "gateway_project.lib.content_policy.ContentPolicyMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "gateway_project.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False
AXES_USERNAME_CALLABLE = "gateway_project.back_office.lockout.who_tries"
AXES_LOCKOUT_CALLABLE = "gateway_project.back_office.lockout.answer"
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "token"]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 1  # hour
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_IPWARE_PROXY_COUNT = TRUSTED_PROXIES or None
REQUIRE_TWO_FACTOR = env.bool("REQUIRE_TWO_FACTOR", default=False)
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

# ---- Providers: one file in gateways/providers/, one line here.
PROVIDERS = [
    "gateways.providers.smtp.Smtp",
    "gateways.providers.custom_im_http.CustomImHttp",
    "gateways.providers.webex_connect.WebexConnect",
    "gateways.providers.esputnik.ESputnik",
    "gateways.providers.http_api.HttpApi",
    "gateways.providers.infobip.Infobip",
    "gateways.providers.meta_whatsapp.MetaWhatsApp",
    "gateways.providers.anymail.family.PROVIDERS",
    "gateways.providers.anymail.amazon_ses.AmazonSes",
    "gateways.providers.twilio.Twilio",
    "gateways.providers.vonage.Vonage",
    "gateways.providers.sandbox.Sandbox",
]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["gateway_project.back_office.permission.IsLetIn"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "UNAUTHENTICATED_USER": None,
    "LIST_SERIALIZER_ERRORS_AS_DICT": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Gatehouse",
    "DESCRIPTION": "Smartico names a user, the gateway knows the address.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_PERMISSIONS": ["gateway_project.back_office.permission.IsLetIn"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": r"/(api|platform)/v1",
}
UNFOLD = {
    "SITE_TITLE": "Gatehouse",
    "SITE_HEADER": "Gatehouse",
    "COLORS": palette.COLORS,
    "SITE_URL": None,
    "ENVIRONMENT": "gateway_project.back_office.environment.badge",
    "DASHBOARD_CALLBACK": "gateway_project.back_office.dashboard.page.dashboard",
    "SIDEBAR": {"navigation": "gateway_project.back_office.sidebar.navigation"},
    "ACCOUNT": {
        "navigation": [
            {"title": "Change password", "link": reverse_lazy("admin:password_change")},
            {"title": "Two-factor", "link": reverse_lazy("admin:two_factor")},
        ]
    },
    "STYLES": [
        lambda request: static("gatehouse/theme.css"),
        lambda request: static("gatehouse/back_office.css"),
        lambda request: static("gatehouse/gateways.css"),
        lambda request: static("gatehouse/timeline.css"),
        lambda request: static("gatehouse/radar.css"),
        lambda request: static("gatehouse/guard.css"),
    ],
    "SCRIPTS": [
        lambda request: static("gatehouse/accessible.js"),
        lambda request: static("gatehouse/copy.js"),
        lambda request: static("gatehouse/sample.js"),
        lambda request: static("gatehouse/groups.js"),
    ],
    "SITE_ICON": lambda request: static("gatehouse/icon.svg"),
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("gatehouse/icon.svg"),
        }
    ],
}

# ---- Plain things.
LANGUAGE_CODE = "en"
FORMAT_MODULE_PATH = "gateway_project.formats"
TIME_ZONE = "UTC"
USE_TZ = True
DEFAULT_EXCEPTION_REPORTER = "gateway_project.back_office.errors.WhereItBroke"
DEFAULT_EXCEPTION_REPORTER_FILTER = "gateway_project.back_office.errors.NothingTold"
CSRF_FAILURE_VIEW = "gateway_project.back_office.errors.page_was_open_too_long"
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True  # served from the packages: nothing to collect
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_URL.startswith("https://")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOGGING_CONFIG = "gateway_project.lib.logs.configure"
LOGGING = {"level": LOG_LEVEL, "as_json": not DEBUG and not sys.stderr.isatty()}
