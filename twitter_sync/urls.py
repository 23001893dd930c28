"""Pages of handles. Those of one begin with @, so that none can be named like another page."""

from django.urls import path

from twitter_sync.views import costs, erasures, handles, health, people, running
from twitter_sync.views import settings as brand_settings
from twitter_sync.views.webhook import webhook

app_name = "twitter_sync"

urlpatterns = [
    path("handles/", handles.handles, name="handles"),
    path("handles/connect/", handles.start, name="connect"),
    path("handles/callback/", handles.callback, name="callback"),
    path("handles/costs/", costs.costs, name="costs"),
    path("handles/prices/", costs.set_prices_and_cap, name="prices"),
    path("handles/replay/", health.try_nobodys_again, name="replay-nobodys"),
    path("handles/erasures/<int:pk>/", erasures.erasure, name="erasure"),
    # One handle
    path("handles/@<str:handle>/", handles.handle, name="checklist"),
    path("handles/@<str:handle>/check/", handles.check, name="check-again"),
    path("handles/@<str:handle>/health/", health.health, name="health"),
    path("handles/@<str:handle>/replay/", health.try_again, name="replay"),
    path("handles/@<str:handle>/settings/", brand_settings.settings, name="settings"),
    path("handles/@<str:handle>/people/", people.people, name="people"),
    path("handles/@<str:handle>/invitations/", people.invite, name="invite"),
    path("handles/@<str:handle>/running/", running.running, name="running"),
    path("handles/@<str:handle>/pause/", running.pause, name="pause"),
    path("handles/@<str:handle>/resumption/", running.resume, name="resume"),
    path("handles/@<str:handle>/disconnection/", running.disconnect, name="disconnect"),
    path("handles/@<str:handle>/erasure/", erasures.erase, name="erase"),
    path("webhooks/x/", webhook, name="webhook"),
]
