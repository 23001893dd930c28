"""Pages, API and webhook: what `config/web.py` serves."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import resolve

from config.silence import hang_up_on_silence

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")

application = get_wsgi_application()
hang_up_on_silence()
# Every page is loaded before the first is asked for.
resolve("/ready")
