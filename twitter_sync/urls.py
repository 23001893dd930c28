from django.urls import URLPattern

app_name = "twitter_sync"

urlpatterns: list[URLPattern] = []
