"""Pages of the reports."""

from django.urls import path

from reports import views

urlpatterns = [
    path("a/<int:account_id>/report/", views.report, name="account_report"),
    path("reports/<str:token>/unsubscribe/", views.end, name="report_unsubscribe"),
]
