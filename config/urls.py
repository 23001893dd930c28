"""Where everything is: pages of people, the desk, handles, X's webhook, probes."""

from __future__ import annotations

from django.urls import include, path

from config import probes

urlpatterns = [
    path("", include("accounts.urls")),
    path("", include("inbox.urls")),
    path("", include("twitter_sync.urls")),
    path("live", probes.live, name="live"),
    path("ready", probes.ready, name="ready"),
    path("metrics", probes.metrics, name="metrics"),
]

handler400 = "config.errors.bad_request"
handler403 = "config.errors.forbidden"
handler404 = "config.errors.not_found"
handler500 = "config.errors.server_error"
