"""Pages of handles. A handle's own begin with @, so that no handle can be named like another page."""

from django.urls import path

from twitter_sync.views import handles
from twitter_sync.views.webhook import WebhookView

app_name = "twitter_sync"

urlpatterns = [
    path("handles/", handles.handles, name="handles"),
    path("handles/connect/", handles.start, name="connect"),
    path("handles/callback/", handles.callback, name="callback"),
    # One handle
    path("handles/@<str:handle>/", handles.handle, name="checklist"),
    path("handles/@<str:handle>/check/", handles.check, name="check-again"),
    path("webhooks/x/", WebhookView.as_view(), name="webhook"),
]
