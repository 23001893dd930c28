"""What every deployment has: https behind a proxy, hashed static files, mail by SMTP."""

from __future__ import annotations

from config import env
from config.settings.base import *  # noqa: F403 - settings are inherited whole
from config.settings.base import STORAGES

# Whoever stands before us says in X-Forwarded-Proto that the world speaks https to it.
TRUSTED_PROXIES = env.number("HANDLED_TRUSTED_PROXIES", 1)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = True
# Health checks come from inside, past the proxy.
SECURE_REDIRECT_EXEMPT = [r"^(live|ready|metrics)$"]
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True

STORAGES = STORAGES | {
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

EMAIL_HOST = env.text("EMAIL_HOST", "")
EMAIL_PORT = env.number("EMAIL_PORT", 25)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env.switch("EMAIL_USE_TLS", default=True)
