"""All settings, read from the environment. Modes: HOUSE in docs/architecture.md, variables: .env.example."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.utils import get_random_secret_key

from governance import environment, logs
from governance.unfold import UNFOLD as UNFOLD

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = Path(os.environ.get("WENSHAO_VAR") or BASE_DIR / "var").resolve()
MODE = environment.mode(os.environ)
PRODUCTION = MODE == "production"
DEBUG = not PRODUCTION and environment.flag(os.environ, "WENSHAO_DEBUG")
VAR.mkdir(parents=True, exist_ok=True)

SECRET_KEY = os.environ.get("SECRET_KEY") or environment.kept(VAR / "secret_key", get_random_secret_key)
FIELD_KEYS = environment.field_keys(
    os.environ.get("FIELD_KEYS") or environment.kept(VAR / "field_keys", environment.new_field_keys)
)
# Where `rotate_field_keys --add-key` puts a new key; None where the environment gives the ring.
FIELD_KEYS_FILE = None if os.environ.get("FIELD_KEYS") else VAR / "field_keys"
FIELD_CIPHER = os.environ.get("WENSHAO_FIELD_CIPHER", "a")  # a = AES-256-GCM, s = SM4-GCM

# The demo shows sign-in codes on the page: never on a platform with real people.
WENSHAO_DEMO = environment.flag(os.environ, "WENSHAO_DEMO")
if WENSHAO_DEMO and PRODUCTION:
    environment.refuse("WENSHAO_DEMO=1 shows sign-in codes on the page and is refused in production.")
WENSHAO_SMS_URL = os.environ.get("WENSHAO_SMS_URL", "")
WENSHAO_SMS_TOKEN = os.environ.get("WENSHAO_SMS_TOKEN", "")

# Tiles under the maps of dashboards; None: maps on plain ground, no request to anybody else.
WENSHAO_TILES = environment.tiles(os.environ)

ALLOWED_HOSTS = environment.words(os.environ, "ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
PROXIES = int(os.environ.get("WENSHAO_PROXIES", "0"))  # trusted reverse proxies in front of us

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "governance.apps.RegistryConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "mptt",
    "rest_framework",
    "knox",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_htmx",
    "auditlog",
    "ground",
    "accounts",
    "organizations",
    "notifications",
    "grids",
    "requests",
    "volunteers",
    "dashboards",
    "desk",
    "operations",
    "governance.apps.GovernanceConfig",
]

MIDDLEWARE = [
    "governance.middleware.ClientAddressMiddleware",
    "governance.middleware.ContentSecurityMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "governance.compression.CompressionMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "accounts.middleware.SessionStrengthMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
    "governance.middleware.WholeAddressMiddleware",
]

ROOT_URLCONF = "governance.urls"
WSGI_APPLICATION = "governance.wsgi.application"
CSRF_FAILURE_VIEW = "governance.views.csrf_failure"

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
                "accounts.prefs.context",
                "desk.nav.context",
                "notifications.inbox.context",
            ]
        },
    }
]

# --- data -------------------------------------------------------------------------------------------

DATABASES = {"default": environment.database(os.environ.get("DATABASE_URL", ""), var=VAR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = os.environ.get("REDIS_URL", "")
CACHES: dict[str, dict[str, Any]] = {
    "default": (
        {"BACKEND": "ground.caching.ForgivingRedisCache", "LOCATION": REDIS_URL, "KEY_PREFIX": "ws"}
        if REDIS_URL
        else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    ),
    # What a worker says about a job that is under way: seen by other processes, inside of no transaction.
    "progress": (
        {"BACKEND": "ground.caching.ForgivingRedisCache", "LOCATION": REDIS_URL, "KEY_PREFIX": "wp"}
        if REDIS_URL
        else {
            "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
            "LOCATION": VAR / "progress",
        }
    ),
}

# --- people -----------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "accounts.backends.PhoneBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"

AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.5  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]  # an office shares one address
AXES_RESET_ON_SUCCESS = True
AXES_USERNAME_CALLABLE = "accounts.signin.lockout_name"
AXES_LOCKOUT_CALLABLE = "accounts.signin.answer_of_lockout"
AXES_SENSITIVE_PARAMETERS = ["phone", "password", "code"]
AXES_DISABLE_ACCESS_LOG = True
AXES_IPWARE_META_PRECEDENCE_ORDER = ["REMOTE_ADDR"]
AXES_IPWARE_PROXY_COUNT = None

SESSION_ENGINE = "django.contrib.sessions.backends." + ("cached_db" if REDIS_URL else "db")
SESSION_COOKIE_AGE = 90 * 24 * 3600  # phones stay signed in
SESSION_COOKIE_NAME = "wenshao_session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "wenshao_csrf"
CSRF_COOKIE_SAMESITE = "Lax"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- headers ----------------------------------------------------------------------------------------

X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
if PRODUCTION:
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    CSRF_TRUSTED_ORIGINS = [f"https://{host.lstrip('.')}" for host in ALLOWED_HOSTS if host != "*"]
    if PROXIES:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- language, time, files --------------------------------------------------------------------------

LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True
LOCALE_PATHS = [BASE_DIR / "locale"]

STATIC_URL = "/static/"
STATIC_ROOT = Path(os.environ.get("WENSHAO_STATIC_ROOT") or VAR / "static")
# Libraries of others are laid out by `make install`; without them pages show tables in place of charts and maps.
VENDOR = BASE_DIR / "build" / "vendor"
STATICFILES_DIRS: list[Path | tuple[str, Path]] = [
    *(path for path in [BASE_DIR / "static"] if path.is_dir()),
    *(("vendor", path) for path in [VENDOR] if path.is_dir()),
]
MEDIA_URL = "/media/"  # nothing is served from here: photos go through views that ask who is looking
MEDIA_ROOT = Path(os.environ.get("WENSHAO_MEDIA_ROOT") or VAR / "media")
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG
PLAIN_STATIC = "django.contrib.staticfiles.storage.StaticFilesStorage"
STORAGES = {
    "default": {"BACKEND": "ground.storing.WholeFileStorage"},
    "staticfiles": {
        "BACKEND": PLAIN_STATIC if DEBUG else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
FILE_UPLOAD_PERMISSIONS = 0o640
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024  # bytes of a form without its files

# --- API --------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "ground.parsing.WholeTextParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "ground.paging.Pages",
    "PAGE_SIZE": 30,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": [
        "ground.throttling.AnonThrottle",
        "ground.throttling.UserThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {"anon": "60/min", "user": "300/min"},
    "NUM_PROXIES": 0,  # REMOTE_ADDR is already the caller's (ClientAddressMiddleware)
    "EXCEPTION_HANDLER": "governance.api.exception_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Wenshao API",
    "DESCRIPTION": "点单、吹哨、接单、签到。违反规则时返回 409 和规则原句。",
    "VERSION": "1",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": r"/api/v[0-9]+",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "CareLevelEnum": "grids.models.people.CareLevel",
        "CompoundKindEnum": "grids.models.Compound.Kind",
        "BuildingKindEnum": "grids.models.Building.Kind",
        "ImportStateEnum": "grids.models.ImportJob.State",
        "RequestStateEnum": "requests.states.State",
        "PatternStateEnum": "dashboards.models.Pattern.State",
        "DispatchStateEnum": "requests.states.DispatchState",
        "WhistleKindEnum": "volunteers.states.WhistleKind",
        "TeamKindEnum": "volunteers.states.TeamKind",
        "VolunteerKindEnum": "volunteers.states.VolunteerKind",
    },
}
KNOX_TOKEN_MODEL = "accounts.ApiToken"
# Its migrations make the table of its own token model even when another is used.
MIGRATION_MODULES: dict[str, str | None] = {"knox": None}
# Using a token prolongs it, written down once a day.
REST_KNOX = {"TOKEN_TTL": timedelta(days=90), "AUTO_REFRESH": True, "MIN_REFRESH_INTERVAL": 24 * 3600}

# --- background work --------------------------------------------------------------------------------

BROKER = VAR / "broker"
if REDIS_URL:
    CELERY_BROKER_URL = REDIS_URL
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
        "visibility_timeout": 3600,
        # Whoever says something while Redis is away waits for a moment only: beat's sweep delivers it.
        "socket_connect_timeout": 2,
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0.2,
    }
else:
    for folder in ("messages", "control"):
        (BROKER / folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_URL = "filesystem://"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(BROKER / "messages"),
        "data_folder_out": str(BROKER / "messages"),
        "control_folder": str(BROKER / "control"),
        "store_processed": False,
    }
    CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker waits for Redis as long as it takes
CELERY_TASK_IGNORE_RESULT = True
# State lives in rows: a message lost with its worker is sent again by beat, one seen twice does nothing.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_TIME_LIMIT = 30 * 60
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR / "celerybeat-schedule")
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "accounts.tidy_up": {"task": "accounts.tidy_up", "schedule": timedelta(hours=6)},
    "grids.imports": {"task": "grids.resume_imports", "schedule": timedelta(minutes=1)},
    "notifications.sweep": {"task": "notifications.sweep", "schedule": timedelta(minutes=1)},
    "requests.clock": {"task": "requests.tick", "schedule": timedelta(minutes=1)},
    "volunteers.clock": {"task": "volunteers.start_and_finish_due", "schedule": timedelta(minutes=1)},
    "volunteers.queues": {"task": "volunteers.settle_queues", "schedule": timedelta(minutes=1)},
    "volunteers.series": {"task": "volunteers.make_series", "schedule": timedelta(minutes=10)},
    "volunteers.reminders": {"task": "volunteers.remind_due", "schedule": timedelta(minutes=1)},
    "volunteers.summaries": {"task": "volunteers.resume_summaries", "schedule": timedelta(minutes=1)},
    "volunteers.boards": {
        "task": "volunteers.refresh_boards",
        "schedule": timedelta(seconds=int(os.environ.get("WENSHAO_BOARD_SECONDS", "600"))),
    },
    "volunteers.absent": {"task": "volunteers.call_absent", "schedule": timedelta(minutes=10)},
    "volunteers.quotas": {"task": "volunteers.remind_of_quotas", "schedule": timedelta(hours=1)},
    "dashboards.rollups": {
        "task": "dashboards.roll_up",
        "schedule": timedelta(seconds=int(os.environ.get("WENSHAO_ROLLUP_SECONDS", "600"))),
    },
    "dashboards.patterns": {"task": "dashboards.find_patterns", "schedule": timedelta(hours=1)},
    "dashboards.digests": {"task": "dashboards.send_digests", "schedule": timedelta(minutes=10)},
    # What has been closed for yesterday is not closed again: the first round after midnight does it.
    "volunteers.closing": {"task": "volunteers.close_boards", "schedule": timedelta(minutes=10)},
}

LOGGING = logs.configure(as_json=PRODUCTION, level=os.environ.get("WENSHAO_LOG_LEVEL", "INFO"))
