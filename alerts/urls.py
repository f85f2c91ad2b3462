"""Pages and callbacks of alerts, included at the root."""

from django.urls import path

from alerts.views import answer, mail_events, telephone

urlpatterns = [
    path("alerts/answer/<str:secret>/", answer.answer, name="alert_answer"),
    path("alerts/telephone/<int:notification_id>/news/", telephone.telephone_news, name="alert_telephone_news"),
    path("alerts/telephone/<int:notification_id>/keys/", telephone.telephone_keys, name="alert_telephone_keys"),
    path("alerts/telephone/reply/", telephone.telephone_reply, name="alert_telephone_reply"),
    path("alerts/mail/events/", mail_events.mail_events, name="alert_mail_events"),
]
