"""Django settings of DaTtSs, all from the environment; names and defaults are listed in `docs/settings.md`."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
import dj_email_url
from celery.schedules import crontab
from csp.constants import NONE, SELF

from dattss_site import secret_key
from dattss_site.environment import Environment

BASE_DIR = Path(__file__).resolve().parent.parent
ENVIRONMENT = Environment(os.environ)

# --- Where and how this server runs -----------------------------------------------------------------------------------
DEBUG = ENVIRONMENT.flag("DEBUG")
HOST = ENVIRONMENT.text("HOST", "127.0.0.1")
PORT = ENVIRONMENT.whole("PORT", 8000, 1, 65535)
UDP_PORT = ENVIRONMENT.whole("UDP_PORT", 8125, 0, 65535)
PUBLIC_URL = (
    ENVIRONMENT.url("PUBLIC_URL", ("http", "https")) or f"http://{'127.0.0.1' if HOST == '0.0.0.0' else HOST}:{PORT}"
)
# How many load balancers stand in front and append to X-Forwarded-For.
TRUSTED_PROXIES = ENVIRONMENT.whole("TRUSTED_PROXIES", 0, 0, 10)
DATTSS_DATA = Path(ENVIRONMENT.text("DATTSS_DATA", "./data")).resolve()
DATTSS_SHARDS = ENVIRONMENT.whole("DATTSS_SHARDS", 1, 1, 1024)
# The shard that this process owns; None where it owns none: a web node, or the parent of all of them on one machine.
DATTSS_SHARD, DATTSS_EACH_SHARD = ENVIRONMENT.shard("DATTSS_SHARD", DATTSS_SHARDS)
DATTSS_FSYNC = ENVIRONMENT.choice("DATTSS_FSYNC", "interval", ("interval", "always"))
DATTSS_RATE_LIMIT = ENVIRONMENT.whole("DATTSS_RATE_LIMIT", 2000, 0, 10_000_000)
DATTSS_MAX_STATS = ENVIRONMENT.whole("DATTSS_MAX_STATS", 10_000, 1, 10_000_000)
REDIS_URL = ENVIRONMENT.url("REDIS_URL", ("redis", "rediss", "unix"))
if not REDIS_URL and (DATTSS_SHARDS > 1 or DATTSS_SHARD is None):
    ENVIRONMENT.problems.append("DATTSS_SHARDS above 1, or DATTSS_SHARD=none, needs REDIS_URL: processes meet there.")

# --- Secrets and hosts ------------------------------------------------------------------------------------------------
SECRET_KEY = ENVIRONMENT.secret("SECRET_KEY")
if not SECRET_KEY:
    try:
        SECRET_KEY = secret_key.load_or_make(DATTSS_DATA / "secret_key")
    except OSError as error:
        ENVIRONMENT.problems.append(
            f"DATTSS_DATA must be a folder that can be written, not '{DATTSS_DATA}' ({error.strerror})."
        )
        SECRET_KEY = "unusable"  # noqa: S105  (the system checks stop the start)

_public = urlsplit(PUBLIC_URL)
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", HOST, _public.hostname or HOST]
if HOST in ("0.0.0.0", "::") and not ENVIRONMENT.secret("PUBLIC_URL"):
    # Opened to the network without a public name: people will come by whatever address reaches the machine.
    ALLOWED_HOSTS = ["*"]
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _public.scheme == "https"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _public.scheme == "https" else None

# --- Applications -----------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "daphne",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "allauth",
    "allauth.account",
    "anymail",
    "csp",
    "dattss_site",
    "accounts",
    "stats",
    "alerts",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.PersonalTimeZone",
]
ROOT_URLCONF = "dattss_site.urls"
ASGI_APPLICATION = "dattss_site.asgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context_processors.account",
            ],
        },
    }
]

# --- Database ---------------------------------------------------------------------------------------------------------
# SQLite under several threads: WAL, a busy timeout, and transactions that take the write lock when they begin.
_SQLITE: dict[str, Any] = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": DATTSS_DATA / "dattss.sqlite3",
    "OPTIONS": {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    },
}
_database_url = ENVIRONMENT.url("DATABASE_URL", ("postgres", "postgresql", "sqlite"))
DATABASES: dict[str, Any] = {"default": dict(dj_database_url.parse(_database_url)) if _database_url else _SQLITE}
if DATABASES["default"]["ENGINE"] == _SQLITE["ENGINE"]:
    DATABASES["default"]["OPTIONS"] = _SQLITE["OPTIONS"]
else:
    # A database that is started again breaks connections, which are looked at before they are used again; one whose
    # machine is gone is noticed within half a minute.
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"].setdefault("OPTIONS", {})
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 5,
        "tcp_user_timeout": 30_000,
        **DATABASES["default"]["OPTIONS"],
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Channels and Celery ----------------------------------------------------------------------------------------------
CHANNEL_LAYERS: dict[str, Any] = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        # The layer waits 5 s at a time for a message; a socket that gives up as early would fail each quiet time.
        "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_timeout": 15}], "capacity": 2000},
    }
    if REDIS_URL
    else {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"capacity": 2000}}
}
CELERY_BROKER_URL = REDIS_URL or "memory://localhost/"
# Threads of one process look into their shared queues instead of being woken.
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {} if REDIS_URL else {"polling_interval": 0.2}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_DEFAULT_QUEUE = "dattss"
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"  # keeps nothing on disk: a minute's flush has no past
CELERY_BEAT_SCHEDULE: dict[str, Any] = {
    f"flush-{shard}": {
        "task": "stats.flush",
        "schedule": crontab(),
        "args": (shard,),
        # Each shard has its own queue: its worker runs where the shard's files are.
        "options": {"queue": f"shard-{shard}", "expires": 55},
    }
    for shard in range(DATTSS_SHARDS)
} | {
    f"pack-{shard}": {
        "task": "stats.pack",
        "schedule": crontab(hour=3, minute=17),  # UTC
        "args": (shard,),
        "options": {"queue": f"shard-{shard}", "expires": 3600},
    }
    for shard in range(DATTSS_SHARDS)
}

# Rate limits of log-in and sign-up are counted here, by all processes together where there are several.
CACHES: dict[str, Any] = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

# --- People -----------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"

# --- Mail -------------------------------------------------------------------------------------------------------------
DEFAULT_FROM_EMAIL = ENVIRONMENT.text("DEFAULT_FROM_EMAIL", f"DaTtSs <dattss@{_public.hostname}>")
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = DATTSS_DATA / "outbox"
EMAIL_TIMEOUT = 10  # seconds; somebody looks at a page meanwhile
_email_url = ENVIRONMENT.secret("EMAIL_URL")
if _email_url:
    try:
        _email = {k: v for k, v in dj_email_url.parse(_email_url).items() if k.startswith("EMAIL_") and v is not None}
        globals().update(_email)
    except (ValueError, KeyError):
        ENVIRONMENT.problems.append("EMAIL_URL must be an URL such as smtp://user:password@host:587/?tls=True.")

# --- Telephone --------------------------------------------------------------------------------------------------------
TWILIO_ACCOUNT_SID = ENVIRONMENT.matching(
    "TWILIO_ACCOUNT_SID", "AC[0-9A-Za-z]{32}", "AC and 32 digits, as Twilio's console shows it"
)
TWILIO_AUTH_TOKEN = ENVIRONMENT.matching(
    "TWILIO_AUTH_TOKEN", "[0-9A-Za-z]{32}", "32 digits, as Twilio's console shows it"
)
TWILIO_FROM = ENVIRONMENT.matching(
    "TWILIO_FROM", r"\+[1-9][0-9]{6,14}", "a phone number that Twilio gave you, such as +15017122661"
)
TWILIO_API_URL = ENVIRONMENT.url("TWILIO_API_URL", ("http", "https")) or "https://api.twilio.com"
# Countries whose numbers are seldom used to earn by being called: the European Economic Area, Switzerland, the United
# Kingdom, the United States, Canada, Australia and New Zealand.
DATTSS_PHONE_COUNTRIES = ENVIRONMENT.countries(
    "DATTSS_PHONE_COUNTRIES",
    "AT,AU,BE,BG,CA,CH,CY,CZ,DE,DK,EE,ES,FI,FR,GB,GR,HR,HU,IE,IS,IT,LI,LT,LU,LV,MT,NL,NO,NZ,PL,PT,RO,SE,SI,SK,US",
)

# --- API --------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.ReadKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "DaTtSs API",
    "DESCRIPTION": "Send partial aggregates, read live values and history.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "OAS_VERSION": "3.1.0",  # what msgspec describes commits in
    "POSTPROCESSING_HOOKS": ["stats.openapi.add_schemas"],
    "SWAGGER_UI_DIST": "SIDECAR",  # served from here: the content policy lets nothing in from elsewhere
    "SWAGGER_UI_FAVICON_HREF": "/static/site/favicon.svg",
}

# --- Pages ------------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
# uPlot is served from where npm installs it: nothing is copied into the repository.
STATICFILES_DIRS = [("uplot", BASE_DIR / "node_modules" / "uplot" / "dist")]
WHITENOISE_USE_FINDERS = True
CLIENT_PACKAGES = BASE_DIR / "build" / "clients"  # made by `make run`
CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "base-uri": [NONE],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "dattss": {"level": "INFO"},
        "django.request": {"level": "ERROR"},
    },
}
