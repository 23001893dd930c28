"""`./run`: everything on this machine, http on loopback, mail in a folder."""

from __future__ import annotations

from config import env
from config.settings.base import *  # noqa: F403 - settings are inherited whole
from config.settings.base import ALLOWED_HOSTS, DATA_DIR

ALLOWED_HOSTS = [*ALLOWED_HOSTS, "127.0.0.1", "localhost", "[::1]"]
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = env.text("HANDLED_MAIL_DIR", str(DATA_DIR / "mail"))
# No collectstatic in a clone: whitenoise serves straight from static/.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
