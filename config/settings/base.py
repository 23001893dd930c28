"""Settings that hold everywhere. What differs is in development, test and production."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from config import env

BASE_DIR = Path(__file__).resolve().parents[2]
DATA_DIR = Path(env.text("HANDLED_DATA_DIR", str(BASE_DIR / ".handled")))

DEBUG = False
SECRET_KEY = env.text("HANDLED_SECRET_KEY")
TOKEN_KEYS = env.words("HANDLED_TOKEN_KEYS")

WEB_URL = env.text("HANDLED_WEB_URL", "http://127.0.0.1:8000").rstrip("/")
LIVE_URL = env.text("HANDLED_LIVE_URL", WEB_URL).rstrip("/")
# Without https, which is for this machine alone: `Secure` cookies would never come back.
WEB_IS_PLAIN = WEB_URL.startswith("http://") and urlsplit(WEB_URL).hostname in {
    "127.0.0.1",
    "localhost",
    "::1",
}
ALLOWED_HOSTS = [urlsplit(WEB_URL).hostname or "127.0.0.1"]
CSRF_TRUSTED_ORIGINS = [WEB_URL]
# How many proxies of ours stand before the pages, each adding one address to X-Forwarded-For.
TRUSTED_PROXIES = env.number("HANDLED_TRUSTED_PROXIES", 0)

# What Prometheus says at /metrics; without one only this machine itself is answered there.
METRICS_TOKEN = env.text("HANDLED_METRICS_TOKEN", "")

# X, or the simulator in its place.
X_API_URL = env.text("X_API_URL", "https://api.x.com").rstrip("/")
X_IS_SIMULATOR = urlsplit(X_API_URL).hostname in {"127.0.0.1", "localhost", "::1"}
X_AUTHORIZE_URL = env.text(
    "X_AUTHORIZE_URL",
    f"{X_API_URL}/i/oauth2/authorize" if X_IS_SIMULATOR else "https://x.com/i/oauth2/authorize",
)
X_CONSUMER_KEY = env.text("X_CONSUMER_KEY", "")
X_CONSUMER_SECRET = env.text("X_CONSUMER_SECRET", "")
X_CLIENT_ID = env.text("X_CLIENT_ID", "")
X_CLIENT_SECRET = env.text("X_CLIENT_SECRET", "")
# What signed X's pushes before it was changed, and until when that still counts.
X_FORMER_SECRETS = env.terms("X_FORMER_SECRETS")
X_CALLBACK_URL = f"{WEB_URL}/handles/callback/"
X_WEBHOOK_URL = f"{WEB_URL}/webhooks/x/"
# Whether X's stream of activities is read beside the webhook.
X_STREAM = env.switch("X_STREAM", default=True)
# Whether X's plan has compliance jobs: they take the place of most checks of what is shown.
X_COMPLIANCE_JOBS = env.switch("X_COMPLIANCE_JOBS", default=False)
# So long after it was applied is kept what X said, as X said it.
RAW_EVENT_DAYS = max(1, env.number("HANDLED_RAW_EVENT_DAYS", 14))

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_htmx",
    "csp",
    "axes",
    "accounts",
    "inbox",
    "twitter_sync",
]

MIDDLEWARE = [
    "config.middleware.ClientAddress",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.middleware.SecurityHeaders",
    "config.csp.ContentSecurityPolicy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.common.CommonMiddleware",
    "config.middleware.DeliveriesOfX",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "accounts.middleware.PersonalTimeZone",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
    "config.errors.MethodNotAllowedPage",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "environment": "config.jinja2.environment",
            "context_processors": [
                "django.contrib.messages.context_processors.messages",
                "accounts.context.signed_in",
            ],
        },
    },
    # For templates of third parties only; ours are Jinja2.
    {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True},
]

DATABASES = {"default": env.database(env.text("DATABASE_URL"))}
DATABASES["default"] |= {"CONN_MAX_AGE": 300, "CONN_HEALTH_CHECKS": True}
# A machine that is gone is noticed within half a minute, from either side.
DATABASES["default"]["OPTIONS"] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
# Pages, the live process and workers wait no longer for a word of it (config/silence.py).
DATABASE_PATIENCE = max(1, env.number("HANDLED_DATABASE_PATIENCE", 20))
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.text("REDIS_URL")

# Celery is a doorbell: it carries row ids, any task may run 0, 1 or n times.
CELERY_BROKER_URL = env.celery_broker(REDIS_URL)
# Touched by workers and beat as a sign of life; where health is asked for (config/heartbeat.py).
HEARTBEAT_FILE = env.text("HANDLED_HEARTBEAT_FILE", "")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 120
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    # A queue that hangs holds up nobody who rings; workers ask it for a second at a time.
    "socket_timeout": 3,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
    # One that is silent for ever is left after two of these.
    "health_check_interval": 10,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_STORE_ERRORS_EVEN_IF_IGNORED = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "twitter_sync.sweep", "schedule": 15.0, "options": {"expires": 15}},
    "wake-snoozed": {"task": "inbox.wake_due", "schedule": 15.0, "options": {"expires": 15}},
    "poll": {"task": "twitter_sync.poll_due", "schedule": 15.0, "options": {"expires": 15}},
    "search": {"task": "twitter_sync.search", "schedule": 15.0, "options": {"expires": 15}},
    "redact": {"task": "twitter_sync.redact", "schedule": 60.0, "options": {"expires": 60}},
    "empty-old": {
        "task": "twitter_sync.empty_old",
        "schedule": 600.0,
        "options": {"expires": 600},
    },
    "recheck": {"task": "twitter_sync.recheck", "schedule": 60.0, "options": {"expires": 60}},
    "comply": {"task": "twitter_sync.comply", "schedule": 60.0, "options": {"expires": 60}},
    "expect-checks": {
        "task": "twitter_sync.expect_checks",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "audit": {"task": "twitter_sync.audit", "schedule": 300.0, "options": {"expires": 300}},
    "watch": {"task": "twitter_sync.watch", "schedule": 60.0, "options": {"expires": 60}},
    "renew": {"task": "twitter_sync.renew_due", "schedule": 60.0, "options": {"expires": 60}},
    "tally": {"task": "twitter_sync.tally", "schedule": 60.0, "options": {"expires": 60}},
    "challenge": {"task": "twitter_sync.challenge", "schedule": 300.0, "options": {"expires": 60}},
    "quiet": {"task": "twitter_sync.look_for_quiet", "schedule": 300.0, "options": {"expires": 60}},
    "keep-rules": {
        "task": "twitter_sync.keep_rules",
        "schedule": 600.0,
        "options": {"expires": 600},
    },
    "wind-up": {"task": "twitter_sync.wind_up_all", "schedule": 60.0, "options": {"expires": 60}},
    "erase": {"task": "twitter_sync.erase_all", "schedule": 60.0, "options": {"expires": 60}},
    "delete-media": {
        "task": "inbox.delete_media",
        "schedule": 60.0,
        "options": {"expires": 60, "queue": "media"},
    },
    "let-go-enclosures": {
        "task": "inbox.let_go_enclosures",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "let-go-drafts": {
        "task": "inbox.let_go_drafts",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "letters": {"task": "accounts.send_letters", "schedule": 15.0, "options": {"expires": 15}},
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "accounts:sign-in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "accounts:sign-in"
# The longest life of a one-time link; accounts.links gives each kind its own.
PASSWORD_RESET_TIMEOUT = 60 * 60 * 24 * 7

# Ten guesses a quarter of an hour for one person from one address.
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
# The time that the page names stays true, however often one tries before it.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_CALLABLE = "accounts.views.sign_in.locked_out"
AXES_VERBOSE = False

# `__Host-` and Secure need https; plain http is allowed on loopback alone.
SESSION_COOKIE_SECURE = not WEB_IS_PLAIN
CSRF_COOKIE_SECURE = not WEB_IS_PLAIN
SESSION_COOKIE_NAME = "handled_session" if WEB_IS_PLAIN else "__Host-handled_session"
CSRF_COOKIE_NAME = "handled_csrf" if WEB_IS_PLAIN else "__Host-handled_csrf"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 7
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "config.errors.stale_form"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"


def origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "media-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF] if LIVE_URL == WEB_URL else [SELF, LIVE_URL],
        "worker-src": [SELF],
        "manifest-src": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF, origin(X_AUTHORIZE_URL)],
    }
}

LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]

# What customers send, and what we send them. Nobody else's to read, and never served but through
# the pages' own check.
MEDIA_DIR = Path(env.text("HANDLED_MEDIA_DIR", str(DATA_DIR / "media")))
LARGEST_FILM_MB = env.number("HANDLED_LARGEST_FILM_MB", 50)
MEDIA_BUCKET = env.text("HANDLED_MEDIA_BUCKET", "")
IN_A_FOLDER = {
    "BACKEND": "inbox.media.storages.Folder",
    "OPTIONS": {
        "location": MEDIA_DIR,
        "file_permissions_mode": 0o600,
        "directory_permissions_mode": 0o700,
    },
}
IN_A_BUCKET = {
    "BACKEND": "inbox.media.bucket.Bucket",
    "OPTIONS": {
        "bucket": MEDIA_BUCKET,
        "region": env.text("HANDLED_MEDIA_REGION", "us-east-1"),
        "endpoint": env.text("HANDLED_MEDIA_ENDPOINT", ""),
    },
}
STORAGES = {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "media": IN_A_BUCKET if MEDIA_BUCKET else IN_A_FOLDER,
}
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("HANDLED_MAIL_FROM", "Handled <handled@localhost>")
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "config.logs.formatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    # These print tokens and message text at DEBUG (reference: trust R16).
    "loggers": {
        name: {"level": "WARNING"}
        for name in (
            *("tweepy", "requests_oauthlib", "oauthlib", "urllib3", "httpx", "httpcore"),
            *("boto3", "botocore", "s3transfer"),
        )
    }
    # A line for every task received and done would bury the others.
    | {
        name: {"level": "WARNING"}
        for name in ("axes", "kombu", "celery.worker.strategy", "celery.app.trace")
    }
    # Answers of 400 to 499 are no news, and their paths may hold the token of a one-time link.
    | {"django.request": {"level": "ERROR"}},
}
