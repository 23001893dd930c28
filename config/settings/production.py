"""Production: https behind a proxy; refuses weak or missing secrets and a simulated X."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured

from config import env
from config.settings.base import *  # noqa: F403 - settings are inherited whole
from config.settings.base import (
    SECRET_KEY,
    TOKEN_KEYS,
    WEB_URL,
    X_CLIENT_SECRET,
    X_CONSUMER_SECRET,
    X_IS_SIMULATOR,
)

if not WEB_URL.startswith("https://"):
    raise ImproperlyConfigured("HANDLED_WEB_URL must be the https:// address of this installation.")
if len(SECRET_KEY) < 50:
    raise ImproperlyConfigured("HANDLED_SECRET_KEY must have 50 characters or more.")
if not TOKEN_KEYS:
    raise ImproperlyConfigured("HANDLED_TOKEN_KEYS needs at least one Fernet key.")
if X_IS_SIMULATOR:
    raise ImproperlyConfigured("X_API_URL is a loopback address: production speaks to X alone.")
if not (X_CONSUMER_SECRET and X_CLIENT_SECRET):
    raise ImproperlyConfigured("Set X_CONSUMER_SECRET and X_CLIENT_SECRET of your X developer app.")

SECURE_SSL_REDIRECT = True
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
EMAIL_HOST = env.text("EMAIL_HOST", "localhost")
EMAIL_PORT = int(env.text("EMAIL_PORT", "25"))
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env.text("EMAIL_USE_TLS", "yes") == "yes"
