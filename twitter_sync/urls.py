from django.urls import path

from twitter_sync.views.webhook import WebhookView

app_name = "twitter_sync"

urlpatterns = [
    path("webhooks/x/", WebhookView.as_view(), name="webhook"),
]
