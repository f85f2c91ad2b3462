"""Pages, read API and websockets of the stats."""

from typing import Any, cast

from django.urls import path
from drf_spectacular.views import SpectacularAPIView

from stats import api, views
from stats.group_api import DecisionView
from stats.live_consumer import LiveConsumer, NoticeConsumer
from stats.process_api import ProcessesView, ProcessView

urlpatterns = [
    path("", views.home, name="home"),
    path("demo/", views.demo, name="demo"),
    path("a/<int:account_id>/", views.dashboard, name="dashboard"),
    path("a/<int:account_id>/processes/", views.processes, name="processes"),
    path("a/<int:account_id>/errors/", views.errors, name="errors"),
    path("a/<int:account_id>/warnings/", views.warnings, name="warnings"),
    path("a/<int:account_id>/usage/", views.usage, name="account_usage"),
    path("clients/<str:name>", views.client_package, name="client_package"),
    path("api/v1/agg/", api.CommitView.as_view(), name="api_agg"),
    path("api/v1/processes/", ProcessesView.as_view(), name="api_processes"),
    path("api/v1/processes/<str:name>/", ProcessView.as_view(), name="api_process"),
    path("api/v1/current/", api.CurrentView.as_view(), name="api_current"),
    path("api/v1/errors/", api.EventsView.as_view(level="error"), name="api_errors"),
    path("api/v1/warnings/", api.EventsView.as_view(level="warning"), name="api_warnings"),
    path("api/v1/usage/", api.UsageView.as_view(), name="api_usage"),
    path("api/v1/errors/<str:key>/", api.GroupView.as_view(level="error"), name="api_error_group"),
    path("api/v1/warnings/<str:key>/", api.GroupView.as_view(level="warning"), name="api_warning_group"),
    path("api/v1/errors/<str:key>/decision/", DecisionView.as_view(level="error"), name="api_error_decision"),
    path("api/v1/warnings/<str:key>/decision/", DecisionView.as_view(level="warning"), name="api_warning_decision"),
    path("api/v1/stats/<str:process>/<str:kind>/<str:name>/day/", api.DayView.as_view(), name="api_day"),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", views.api_docs, name="api_docs"),
]

websocket_urlpatterns: list[Any] = [
    path("ws/live/", cast(Any, LiveConsumer.as_asgi())),
    path("ws/notices/", cast(Any, NoticeConsumer.as_asgi())),
    path("ws/demo/", cast(Any, LiveConsumer.as_asgi())),
]
