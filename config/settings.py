"""Settings. This module is the only reader of the environment."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import django_stubs_ext
import environ
from csp.constants import NONCE, NONE, SELF

# Lets ModelAdmin[Model] and ModelForm[Model] be written where Django itself takes no type.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
# Where files, logs, keys and the embedded database live.
VAR_DIR = Path(environ.Env().str("PURSER_VAR", default=str(BASE_DIR / "var")))
env = environ.Env()
# What child processes inherit.
ENVIRONMENT_PASSED_ON: dict[str, str] = dict(env.ENVIRON)

# The demo: anyone may take any role with one click, and mail stays on a page. `up --demo` sets it.
DEMO = env.bool("PURSER_DEMO", default=False)
# Shows code and settings to whoever makes an error happen: for developing only.
DEBUG = env.bool("PURSER_DEBUG", default=False)


def _secret_key() -> str:
    """The key that signs sessions and links; by default `up` makes one and keeps it in var/secret_key."""
    if key := env.str("PURSER_SECRET_KEY", default=""):
        return str(key)
    kept = VAR_DIR / "secret_key"
    if kept.is_file():
        return kept.read_text().strip()
    from django.core.management.utils import get_random_secret_key

    return get_random_secret_key()


SECRET_KEY = _secret_key()
# Elsewhere each process would make a key of its own, and sessions would end with it.
SECRET_KEY_IS_KEPT = bool(env.str("PURSER_SECRET_KEY", default="")) or (VAR_DIR / "secret_key").is_file()
# The names by which this Purser may be called, without port.
ALLOWED_HOSTS = env.list("PURSER_ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]", "testserver"])
# Other origins whose forms are taken, such as https://purser.example.org behind a proxy that changes the host.
CSRF_TRUSTED_ORIGINS = env.list("PURSER_TRUSTED_ORIGINS", default=[])
# Where people reach Purser; links in mails and packs begin with it. `up` sets its own address where this is not set.
BASE_URL = env.str("PURSER_BASE_URL", default="http://127.0.0.1:8000")

INSTALLED_APPS = [
    "core.admin_app.PurserAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "django_celery_beat",
    "django_filters",
    "django_fsm",
    "django_htmx",
    "csp",
    "pgtrigger",
    "rest_framework",
    "drf_spectacular",
    "core",
    "budgets",
    "approvals",
    "reconciliation",
    "reporting",
    "demo",
    "config",
]

MIDDLEWARE = [
    "core.middleware.CorrelationMiddleware",
    "core.middleware.AccessMiddleware",
    "config.operations.middleware.OperationsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "core.doors.DoorMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "core.middleware.ReachMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "core.session_life.SessionLifeMiddleware",
    "core.acting.ActingMiddleware",
    "core.second_factor.SecondFactorMiddleware",
    "core.viewer.ViewerMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "core.middleware.RefusalMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
AUTH_USER_MODEL = "core.User"
LOGIN_URL = "core:sign-in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "core:sign-in"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend", "core.backends.RightsBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
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
                "csp.context_processors.nonce",
                "core.context.shell",
            ],
        },
    },
]

# The owner migrates; the app, web and workers alike, may do what its work needs. Both are roles of the whole server.
DATABASE_OWNER_ROLE = env.str("PURSER_OWNER_ROLE", default="purser_owner")
# The role as which web, worker and beat work, without a right to write the ledger.
DATABASE_APP_ROLE = env.str("PURSER_APP_ROLE", default="purser_app")
# A PostgreSQL server, 15 or newer, instead of the embedded one. Its login owns the tables.
DATABASE_URL_GIVEN = bool(env.str("DATABASE_URL", default=""))


def _database_url() -> str:
    """Return the address given, else the one that `up` keeps for its embedded server, else a server on its usual port."""
    if given := env.str("DATABASE_URL", default=""):
        return str(given)
    kept = VAR_DIR / "database_url"
    return kept.read_text().strip() if kept.is_file() else "postgresql://127.0.0.1:5432/purser"


DATABASES: dict[str, dict[str, Any]] = {
    "default": env.db_url_config(_database_url(), engine="core.database"),
}
DATABASES["default"].setdefault("OPTIONS", {})
# How long a connection to the database is used, in seconds.
DATABASES["default"]["CONN_MAX_AGE"] = env.int("PURSER_CONN_MAX_AGE", default=60)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# How long the database may take to take a connection, in seconds, before it counts as away.
DATABASES["default"]["OPTIONS"]["connect_timeout"] = env.int("PURSER_DATABASE_WAIT", default=10)
DATABASES["default"]["ATOMIC_REQUESTS"] = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Redis for the cache that all web processes share. Empty: a table of the database, which needs no other server.
CACHE_URL = env.str("PURSER_CACHE_URL", default="")
CACHES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": CACHE_URL, "KEY_PREFIX": "purser"}
    if CACHE_URL
    else {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "core_cache",
        "OPTIONS": {"MAX_ENTRIES": 50_000},
    },
}

LANGUAGE_CODE = "en-gb"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = VAR_DIR / "files"
MEDIA_URL = ""
STORAGES = {
    "default": {"BACKEND": "core.storage.KeptFiles"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = 20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
FILE_UPLOAD_HANDLERS = [
    "core.uploads.BoundedUploadHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
# What is kept is for Purser alone, not for others who use the machine.
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
# The largest file that may be attached to a request, in bytes.
MAX_ATTACHMENT_BYTES = env.int("PURSER_MAX_ATTACHMENT_BYTES", default=10_000_000)
# The largest file that is imported, in bytes.
MAX_IMPORT_BYTES = env.int("PURSER_MAX_IMPORT_BYTES", default=100_000_000)
# Where the ledger's anchors go. Best on another disk, or one that only takes new files.
ANCHOR_DIR = Path(env.str("PURSER_ANCHOR_DIR", default=str(VAR_DIR / "anchors")))
# The file with the key that anchors are signed with. Keep a copy elsewhere.
ANCHOR_KEY_FILE = Path(env.str("PURSER_ANCHOR_KEY_FILE", default=str(VAR_DIR / "anchor_key")))
# Where the day's backup goes. Empty: none is taken by itself.
BACKUP_DIR = env.str("PURSER_BACKUP_DIR", default="")
# How many of the day's backups are kept.
BACKUPS_KEPT = env.int("PURSER_BACKUPS_KEPT", default=14)
# Where the embedded server's log of changes is archived and kept files are copied at once, to come back to any moment after a
# backup (docs/backup.md). Empty: there is no archive, and one comes back to backups only.
ARCHIVE_DIR = Path(env.str("PURSER_ARCHIVE_DIR")) if env.str("PURSER_ARCHIVE_DIR", default="") else None
# After so many seconds what was written is in the archive at the latest.
ARCHIVE_SECONDS = env.int("PURSER_ARCHIVE_SECONDS", default=60)
# Sources that are set up at their first use, one or more to a YAML file.
SOURCE_FILES = env.str("PURSER_SOURCE_FILES", default=str(BASE_DIR / "demo" / "sources"))

# The API. Whatever is no endpoint of ours is closed; all is JSON.
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "core.api.authentication.BearerAuthentication",
        "core.api.authentication.SessionInBrowser",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["core.api.permissions.Closed"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["core.api.parsers.StrictJSONParser"],
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "core.api.schema.PurserSchema",
    "EXCEPTION_HANDLER": "core.api.problems.answer",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Purser",
    "VERSION": "1",
    "DESCRIPTION": "Budgets, requests, approvals, reconciliation and packs over one funds ledger. See docs/api.md.",
    "SERVE_INCLUDE_SCHEMA": False,
    "PREPROCESSING_HOOKS": ["core.api.schema.only_versioned"],
    "POSTPROCESSING_HOOKS": ["core.api.schema.share_refusals"],
    "SORT_OPERATION_PARAMETERS": False,
    "OAS_VERSION": "3.1.0",
}
# How large a body the API takes, in bytes.
API_MAX_BODY_BYTES = env.int("PURSER_API_MAX_BODY_BYTES", default=2_000_000)
# How many calls a token, or a person's sessions together, may make in a minute.
API_CALLS_A_MINUTE: dict[str, int] = {
    "read": env.int("PURSER_API_READS_A_MINUTE", default=600),
    "write": env.int("PURSER_API_WRITES_A_MINUTE", default=120),
    "heavy": env.int("PURSER_API_HEAVY_A_MINUTE", default=20),
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    },
}
# On where people come by HTTPS through a proxy: cookies go by HTTPS only, and X-Forwarded-Proto is believed.
SECURE = env.bool("PURSER_HTTPS", default=False)
CSRF_FAILURE_VIEW = "core.views.errors.csrf_failure"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
if SECURE:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31536000

# A session ends when nobody used it for this long, and in any case this long after the sign-in.
SESSION_IDLE_MINUTES = env.int("PURSER_SESSION_IDLE_MINUTES", default=120)
SESSION_HOURS = env.int("PURSER_SESSION_HOURS", default=12)
SESSION_COOKIE_AGE = SESSION_HOURS * 3600
# So many failures in a row shut an account for so many minutes, each next time for twice as long; so many an address.
LOCK_AFTER = env.int("PURSER_LOCK_AFTER", default=5)
LOCK_ADDRESS_AFTER = env.int("PURSER_LOCK_ADDRESS_AFTER", default=50)
LOCK_MINUTES = env.int("PURSER_LOCK_MINUTES", default=15)
# Kinds of role whose holders must have a second factor, such as administrator,finance. Empty: nobody must.
REQUIRE_MFA = frozenset(env.list("PURSER_REQUIRE_MFA", default=[]))
# Under the first of these the seeds of second factors are sealed in the database; each of them opens what it sealed. Empty: the
# signing key. Put a new one first, run `manage.py seal_factors`, then take the old one away.
FACTOR_KEYS = env.list("PURSER_FACTOR_KEYS", default=[]) or [SECRET_KEY]
FACTOR_KEYS_ARE_KEPT = SECRET_KEY_IS_KEPT or bool(env.list("PURSER_FACTOR_KEYS", default=[]))
# How long an invitation, and the first administrator's link, can be used.
INVITATION_DAYS = env.int("PURSER_INVITATION_DAYS", default=7)
# For how many minutes reminders, escalations and passed deadlines are gathered into one mail to a person. 0: each by itself,
# at once.
REMINDER_MINUTES = env.int("PURSER_REMINDER_MINUTES", default=15)
# For how many days the link of a mail leads to its decision, while the stage is its reader's. 0: mails carry no such link.
LINK_DAYS = env.int("PURSER_LINK_DAYS", default=7)
# Up to what amount a decision is taken from the link of a mail alone, without a sign-in, for each organization by its code and in
# its currency: acme=500,other=200. Whoever is not named signs in, as does everybody with a second factor (docs/mail-links.md).
LINK_ALONE_UP_TO: dict[str, Decimal] = {
    code: Decimal(amount) for code, amount in env.dict("PURSER_LINK_ALONE_UP_TO", default={}).items()
}
# How many links that lead nowhere an address of the network may try in a minute.
LINK_MISSES_A_MINUTE = env.int("PURSER_LINK_MISSES_A_MINUTE", default=60)
FIRST_ADMINISTRATOR_FILE = VAR_DIR / "first_administrator"
FIRST_ADMINISTRATOR_HOURS = env.int("PURSER_FIRST_ADMINISTRATOR_HOURS", default=72)
# How many proxies of your own stand before the web server: the address of whoever asks is read from X-Forwarded-For.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("PURSER_TRUSTED_PROXIES", default=0)

ACCOUNT_ADAPTER = "core.adapters.AccountAdapter"
ACCOUNT_FORMS = {"login": "core.forms.SignInForm"}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if SECURE else "http"
# Sign-ins are counted by core.services.lockout, which does not turn away those that come at the same instant.
ACCOUNT_RATE_LIMITS: dict[str, str | None] = {"login": None}
MFA_ADAPTER = "core.adapters.FactorAdapter"
MFA_FORMS = {"authenticate": "core.forms.SecondFactorForm", "add_webauthn": "core.forms.AddPasskeyForm"}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "Purser"
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SECURE

# Signing in at an organization's own OpenID Connect provider: its issuer's address, what it knows Purser by, and its name.
OIDC_ISSUER = env.str("PURSER_OIDC_ISSUER", default="")
OIDC_CLIENT_ID = env.str("PURSER_OIDC_CLIENT_ID", default="")
OIDC_CLIENT_SECRET = env.str("PURSER_OIDC_CLIENT_SECRET", default="")
OIDC_NAME = env.str("PURSER_OIDC_NAME", default="your organization")
# Whether somebody whom the provider knows and Purser does not is made a person, without any role.
OIDC_CREATE = env.bool("PURSER_OIDC_CREATE", default=False)
SOCIALACCOUNT_ADAPTER = "core.adapters.ProviderAdapter"
SOCIALACCOUNT_LOGIN_ON_GET = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_PROVIDERS: dict[str, dict[str, Any]] = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "organization",
                "name": OIDC_NAME,
                "client_id": OIDC_CLIENT_ID,
                "secret": OIDC_CLIENT_SECRET,
                "settings": {"server_url": OIDC_ISSUER},
            }
        ]
        if OIDC_ISSUER
        else [],
    }
}

# How mail is sent; for those who write their own way.
EMAIL_BACKEND = env.str(
    "PURSER_EMAIL_BACKEND",
    default="demo.mail.PageBackend" if DEMO else "django.core.mail.backends.smtp.EmailBackend",
)
# The mail server, such as smtp+tls://user:password@mail.example.org:587. The demo's mail lands on a page instead.
vars().update(env.email_url("PURSER_EMAIL_URL", default="smtp://127.0.0.1:25") if not DEMO else {"EMAIL_HOST": ""})
EMAIL_BACKEND = env.str("PURSER_EMAIL_BACKEND", default="demo.mail.PageBackend") if DEMO else EMAIL_BACKEND
# The sender of mails.
DEFAULT_FROM_EMAIL = env.str("PURSER_FROM_EMAIL", default="purser@localhost")

# Redis or RabbitMQ. Without a broker's address, messages are files: no server is needed, and the outbox holds the truth.
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="filesystem://localhost")
# The name of the queue, where several installations share a broker.
CELERY_TASK_DEFAULT_QUEUE = env.str("PURSER_QUEUE", default="purser")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TIMEZONE = "UTC"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULER = "config.beat:SigningScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
CELERY_TASK_ALWAYS_EAGER = False
if CELERY_BROKER_URL.startswith("filesystem://"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(VAR_DIR / "broker" / "queue"),
        "data_folder_out": str(VAR_DIR / "broker" / "queue"),
        "processed_folder": str(VAR_DIR / "broker" / "done"),
        "control_folder": str(VAR_DIR / "broker" / "control"),
        "store_processed": False,
        "polling_interval": 0.2,
    }

# How log lines look: json, text, or auto, which is text in a terminal and JSON lines elsewhere.
LOG_FORMAT = env.str("PURSER_LOG_FORMAT", default="auto")
# The least that is logged: DEBUG, INFO, WARNING or ERROR. INFO has a line for each request.
LOG_LEVEL = env.str("PURSER_LOG_LEVEL", default="INFO").upper()
LOG_LEVEL = LOG_LEVEL if LOG_LEVEL in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL") else "INFO"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "config.operations.logs.formatter", "form": LOG_FORMAT}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {
        **{name: {"level": "WARNING"} for name in ("weasyprint", "fontTools", "celery", "kombu", "django_celery_beat")},
        # What these would say of a request, the access line says already.
        **{name: {"level": "ERROR"} for name in ("django.request", "django.server")},
        "gunicorn.error": {"handlers": ["console"], "level": "WARNING", "propagate": False},
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

# Whoever shows this token (as `Authorization: Bearer …`) may read /metrics.
METRICS_TOKEN = env.str("PURSER_METRICS_TOKEN", default="")
# Networks whose machines may read /metrics without a token, such as 10.0.0.0/8. Behind a proxy that is the proxy itself.
METRICS_NETWORKS = env.list("PURSER_METRICS_NETWORKS", default=[])
# The folder in which all web processes of a machine add up their counts. `up` makes one; elsewhere name an empty one.
METRICS_FOLDER = env.str("PROMETHEUS_MULTIPROC_DIR", default="")
# How long the oldest event or job may wait before `/-/ready` and the doctor say so, in seconds.
QUEUE_LIMIT_SECONDS = env.int("PURSER_QUEUE_LIMIT_SECONDS", default=900)
# Parts that `/-/ready` tells of but does without: database, migrations, queue, beat, pdf.
READY_WITHOUT = env.list("PURSER_READY_WITHOUT", default=[])
