"""Django settings of DaTtSs, all from the environment; names and defaults are listed in `docs/settings.md`."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from celery import signature
from celery.schedules import crontab
from csp.constants import NONE, SELF

from dattss_site import mail_settings, secret_key
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
DATTSS_ADMIN = ENVIRONMENT.flag("DATTSS_ADMIN")
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

# --- Behind TLS -------------------------------------------------------------------------------------------------------
_TLS = _public.scheme == "https"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _TLS
# A browser takes a `__Host-` cookie only from this very host over TLS: no neighbouring subdomain can plant one.
SESSION_COOKIE_NAME = "__Host-dattss_session" if _TLS else "dattss_session"
CSRF_COOKIE_NAME = "__Host-dattss_csrf" if _TLS else "dattss_csrf"
CSRF_COOKIE_HTTPONLY = True  # pages carry the token in their forms; no script needs the cookie
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _TLS else None
SECURE_SSL_REDIRECT = _TLS
SECURE_SSL_HOST = _public.netloc if _TLS else None
# Programs inside the network talk to the API without the load balancer, and follow no redirect of a PUT.
SECURE_REDIRECT_EXEMPT = [r"^api/v1/"]
SECURE_HSTS_SECONDS = 365 * 86_400 if _TLS else 0
# What holds for other names below this host is not this server's to decide: no includeSubDomains, no preload.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

# --- What a request may be --------------------------------------------------------------------------------------------
# Forms are small, and files are not taken. Bodies are limited even before they reach Django (dattss_site.incoming).
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
DATA_UPLOAD_MAX_NUMBER_FILES = 1

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
    "allauth.mfa",
    "allauth.usersessions",
    "anymail",
    "csp",
    "dattss_site",
    "accounts",
    "stats",
    "alerts",
    "reports",
    *(["dattss_site.admin_config.AdminConfig"] if DATTSS_ADMIN else []),
]
MIDDLEWARE = [
    # These speak for every answer, static files included.
    "django.middleware.security.SecurityMiddleware",
    "dattss_site.middleware.closed_features",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "dattss_site.middleware.not_kept",
    "dattss_site.middleware.page_methods",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.sessions.LastSeenMiddleware",
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
CELERY_BEAT_SCHEDULE: dict[str, Any] = (
    {
        f"flush-{shard}": {
            "task": "stats.flush",
            "schedule": crontab(),
            "args": (shard,),
            # Each shard has its own queue: its worker runs where the shard's files are.
            "options": {
                "queue": f"shard-{shard}",
                "expires": 55,
                "link": signature("alerts.evaluate", (shard,), options={"queue": f"shard-{shard}"}, immutable=True),
            },
        }
        for shard in range(DATTSS_SHARDS)
    }
    | {
        f"look-{shard}": {
            "task": "alerts.look",
            "schedule": 10.0,  # seconds
            "args": (shard,),
            "options": {"queue": f"shard-{shard}", "expires": 10},
        }
        for shard in range(DATTSS_SHARDS)
    }
    | {
        f"pack-{shard}": {
            "task": "stats.pack",
            "schedule": crontab(hour=3, minute=17),  # UTC
            "args": (shard,),
            "options": {"queue": f"shard-{shard}", "expires": 3600},
        }
        for shard in range(DATTSS_SHARDS)
    }
    | {
        f"erase-closed-{shard}": {
            "task": "stats.erase_closed",
            "schedule": crontab(minute=41),
            "args": (shard,),
            "options": {"queue": f"shard-{shard}", "expires": 3600},
        }
        for shard in range(DATTSS_SHARDS)
    }
    | {
        "send-due": {
            "task": "alerts.send_due",
            "schedule": 5.0,  # seconds
            "options": {"expires": 5},
        },
        "tidy-alerts": {
            "task": "alerts.tidy",
            "schedule": crontab(minute=23),
            "options": {"expires": 3600},
        },
    }
    | {
        f"reports-{shard}": {
            "task": "reports.send",
            "schedule": crontab(minute=4),  # each hour: somewhere it is 7 o'clock
            "args": (shard,),
            "options": {"queue": f"shard-{shard}", "expires": 3000},
        }
        for shard in range(DATTSS_SHARDS)
    }
    | {
        f"forget-{what}": {
            "task": f"accounts.forget_{what}",
            "schedule": crontab(hour=3, minute=43),  # UTC
            "options": {"expires": 3600},
        }
        for what in ("audit", "sessions", "unconfirmed")
    }
)

# Rate limits of log-in and sign-up are counted here, by all processes together where there are several.
CACHES: dict[str, Any] = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    # A cache that is full forgets counts at random: who guesses must not be able to fill it.
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 100_000}}
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
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {"signup": "accounts.forms.SignUpForm"}
# Whoever asks gets the same answer for addresses that are known here and for those that are not.
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS = 3
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_LOGIN_TIMEOUT = 3600  # seconds from sign-up in which the link of the mail logs in the same browser
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
# Beside allauth's own limits for each address of a client: wrong passwords for one e-mail address, wrong codes for one
# person. The limits for each client also bound how fast somebody tries many people.
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key", "signup": "10/m/ip"}
MFA_ADAPTER = "accounts.second_factor.SecondFactorAdapter"
MFA_FORMS = {
    "add_webauthn": "accounts.passkey_forms.AddForm",
    "authenticate_webauthn": "accounts.passkey_forms.AuthenticateForm",
    "login_webauthn": "accounts.passkey_forms.LoginForm",
    "reauthenticate_webauthn": "accounts.passkey_forms.ReauthenticateForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "DaTtSs"
MFA_TOTP_TOLERANCE = 1  # 30 s before and after: clocks of phones differ
MFA_PASSKEY_LOGIN_ENABLED = True
# An address counts only once it is confirmed (above), so one may be changed with a second factor too.
MFA_ALLOW_UNVERIFIED_EMAIL = True
USERSESSIONS_ADAPTER = "accounts.sessions.SessionsAdapter"

# --- Mail -------------------------------------------------------------------------------------------------------------
DEFAULT_FROM_EMAIL = ENVIRONMENT.text("DEFAULT_FROM_EMAIL", f"DaTtSs <dattss@{_public.hostname}>")
EMAIL_FILE_PATH = DATTSS_DATA / "outbox"
EMAIL_TIMEOUT = 10  # seconds; somebody waits for the page
_mail = mail_settings.mail_from(ENVIRONMENT)
EMAIL_BACKEND: str = _mail.backend
# What a provider does not know, such as ids of threads, is left out of its mails.
ANYMAIL = {"REQUESTS_TIMEOUT": EMAIL_TIMEOUT, "IGNORE_UNSUPPORTED_FEATURES": True, **_mail.provider}
globals().update(_mail.smtp)

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

# --- Webhooks ---------------------------------------------------------------------------------------------------------
# What a message costs, for the forecast of a rule (alerts.trial_on_files); 0 where nobody said.
ALERT_PRICES = {
    "sms": ENVIRONMENT.whole("DATTSS_PRICE_OF_SMS", 0, 0, 1_000_000) / 1000,
    "phone": ENVIRONMENT.whole("DATTSS_PRICE_OF_CALL", 0, 0, 1_000_000) / 1000,
}
ALERT_CURRENCY = ENVIRONMENT.text("DATTSS_CURRENCY", "EUR")
# Called each time that a canary has come through (alerts.canary): an outside check notices where it is not.
DATTSS_HEARTBEAT_URL = ENVIRONMENT.url("DATTSS_HEARTBEAT_URL", ("http", "https"))
DATTSS_PRIVATE_WEBHOOKS = ENVIRONMENT.flag("DATTSS_PRIVATE_WEBHOOKS")

# --- API --------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.ReadKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_METADATA_CLASS": None,  # OPTIONS is answered 405: the OpenAPI document says more
    "DEFAULT_SCHEMA_CLASS": "dattss_site.schema.PathSchema",
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "DaTtSs API",
    "DESCRIPTION": "Send partial aggregates, read live values and history.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],  # everybody may read it
    "OAS_VERSION": "3.1.0",  # what msgspec describes commits in
    "POSTPROCESSING_HOOKS": ["stats.openapi.add_schemas"],
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
        # No script may turn a text into markup: what comes from a client stays text.
        "require-trusted-types-for": ["'script'"],
        "trusted-types": [NONE],
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
    "filters": {"requests": {"()": "dattss_site.log_filter.RequestFilter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["requests"]}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "dattss": {"level": "INFO"},
        "django.request": {"level": "ERROR"},
        "django.security.DisallowedHost": {"level": "CRITICAL"},  # else each scanner writes stack traces here
    },
}
