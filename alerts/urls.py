"""Pages and callbacks of alerts, included at the root."""

from django.urls import path

from alerts import api, contacts_api, mark_api, trial_api, ways_api
from alerts.views import answer, caps, endpoints, incidents, mail_events, rules, silences, telephone, ways

urlpatterns = [
    path("a/<int:account_id>/alerts/", incidents.incidents, name="incidents"),
    path("a/<int:account_id>/alerts/incidents/<int:number>/", incidents.incident, name="incident"),
    path(
        "a/<int:account_id>/alerts/incidents/<int:number>/acknowledge/",
        incidents.acknowledge,
        name="incident_acknowledge",
    ),
    path("a/<int:account_id>/alerts/incidents/<int:number>/resolve/", incidents.resolve, name="incident_resolve"),
    path("a/<int:account_id>/alerts/rules/", rules.rules, name="rules"),
    path("a/<int:account_id>/alerts/rules/new/", rules.new_rule, name="new_rule"),
    path("a/<int:account_id>/alerts/rules/<int:rule_id>/", rules.rule, name="rule"),
    path("a/<int:account_id>/alerts/rules/<int:rule_id>/switch/", rules.switch, name="rule_switch"),
    path("a/<int:account_id>/alerts/rules/<int:rule_id>/delete/", rules.delete, name="rule_delete"),
    path("a/<int:account_id>/alerts/silences/", silences.silences, name="silences"),
    path("a/<int:account_id>/alerts/silences/<int:silence_id>/end/", silences.end, name="silence_end"),
    path("a/<int:account_id>/alerts/escalations/", ways.escalations, name="escalations"),
    path("a/<int:account_id>/alerts/escalations/new/", ways.new_escalation, name="new_escalation"),
    path("a/<int:account_id>/alerts/escalations/<int:escalation_id>/", ways.escalation, name="escalation"),
    path(
        "a/<int:account_id>/alerts/escalations/<int:escalation_id>/delete/",
        ways.delete_escalation,
        name="escalation_delete",
    ),
    path("a/<int:account_id>/alerts/endpoints/new/", endpoints.new_endpoint, name="new_endpoint"),
    path("a/<int:account_id>/alerts/endpoints/<int:endpoint_id>/", endpoints.endpoint, name="endpoint"),
    path(
        "a/<int:account_id>/alerts/endpoints/<int:endpoint_id>/secret/",
        endpoints.replace_secret,
        name="endpoint_secret",
    ),
    path(
        "a/<int:account_id>/alerts/endpoints/<int:endpoint_id>/delete/",
        endpoints.delete_endpoint,
        name="endpoint_delete",
    ),
    path("a/<int:account_id>/alerts/caps/", caps.show_caps, name="caps"),
    path("a/<int:account_id>/alerts/test/", ways.try_way, name="way_test"),
    path("api/v1/alerts/firing/", mark_api.FiringView.as_view(), name="api_firing"),
    path("api/v1/alerts/marks/", mark_api.MarksView.as_view(), name="api_marks"),
    path("api/v1/alerts/trial/", trial_api.TrialView.as_view(), name="api_trial"),
    path("api/v1/alerts/rules/", api.RulesView.as_view(), name="api_rules"),
    path("api/v1/alerts/rules/<int:rule_id>/", api.RuleView.as_view(), name="api_rule"),
    path("api/v1/alerts/incidents/", api.IncidentsView.as_view(), name="api_incidents"),
    path("api/v1/alerts/incidents/<int:incident_id>/", api.IncidentView.as_view(), name="api_incident"),
    path(
        "api/v1/alerts/incidents/<int:incident_id>/acknowledge/", api.AcknowledgeView.as_view(), name="api_acknowledge"
    ),
    path("api/v1/alerts/incidents/<int:incident_id>/resolve/", api.ResolveView.as_view(), name="api_resolve"),
    path("api/v1/alerts/silences/", api.SilencesView.as_view(), name="api_silences"),
    path("api/v1/alerts/silences/<int:silence_id>/", api.SilenceView.as_view(), name="api_silence"),
    path("api/v1/alerts/escalations/", ways_api.EscalationsView.as_view(), name="api_escalations"),
    path("api/v1/alerts/escalations/<int:escalation_id>/", ways_api.EscalationView.as_view(), name="api_escalation"),
    path("api/v1/alerts/endpoints/", ways_api.EndpointsView.as_view(), name="api_endpoints"),
    path("api/v1/alerts/endpoints/<int:endpoint_id>/", ways_api.EndpointView.as_view(), name="api_endpoint"),
    path(
        "api/v1/alerts/endpoints/<int:endpoint_id>/secret/",
        ways_api.EndpointSecretView.as_view(),
        name="api_endpoint_secret",
    ),
    path("api/v1/alerts/ways/", ways_api.WaysView.as_view(), name="api_ways"),
    path("api/v1/alerts/tests/", ways_api.TestsView.as_view(), name="api_way_tests"),
    path("api/v1/alerts/caps/", ways_api.CapsView.as_view(), name="api_caps"),
    path("api/v1/alerts/caps/<int:person_id>/", ways_api.CapView.as_view(), name="api_cap"),
    path("api/v1/alerts/contacts/", contacts_api.ContactsView.as_view(), name="api_contacts"),
    path("api/v1/alerts/contacts/<int:contact_id>/", contacts_api.ContactView.as_view(), name="api_contact"),
    path(
        "api/v1/alerts/contacts/<int:contact_id>/send/",
        contacts_api.ContactSendView.as_view(),
        name="api_contact_send",
    ),
    path(
        "api/v1/alerts/contacts/<int:contact_id>/confirm/",
        contacts_api.ContactConfirmView.as_view(),
        name="api_contact_confirm",
    ),
    path("alerts/answer/<str:secret>/", answer.answer, name="alert_answer"),
    path("alerts/telephone/<int:notification_id>/news/", telephone.telephone_news, name="alert_telephone_news"),
    path("alerts/telephone/<int:notification_id>/keys/", telephone.telephone_keys, name="alert_telephone_keys"),
    path("alerts/telephone/reply/", telephone.telephone_reply, name="alert_telephone_reply"),
    path("alerts/mail/events/", mail_events.mail_events, name="alert_mail_events"),
]
