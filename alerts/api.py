"""Rules, incidents and silences over the API: everything that the pages can do."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access import Access, access_for_request
from alerts import changes, incident_lists
from alerts.api_calls import CHANGING, to_change, told, valid
from alerts.changes import RuleDraft, SilenceDraft
from alerts.masking import reader_of
from alerts.models import How, Incident, Rule, Silence
from stats import openapi
from stats.api import ACCOUNT

MOST_INCIDENTS = 100  # of an answer, the newest first


class RuleSerializer(serializers.Serializer[Any]):
    """A rule; `condition` is one of those that the documentation names, by its `kind`."""

    id = serializers.IntegerField(read_only=True)
    name = serializers.CharField(max_length=80)
    target_kind = serializers.CharField(max_length=7)
    target = serializers.CharField(max_length=300)
    condition = serializers.JSONField()
    escalation = serializers.IntegerField(
        source="escalation_id", required=False, allow_null=True, default=None, min_value=1, max_value=2**63 - 1
    )
    enabled = serializers.BooleanField(default=True)


class EventSerializer(serializers.Serializer[Any]):
    """A line of an incident's timeline."""

    at = serializers.DateTimeField(read_only=True)
    kind = serializers.CharField(read_only=True)
    text = serializers.CharField(read_only=True)


class IncidentSerializer(serializers.Serializer[Any]):
    """An incident, without its timeline."""

    id = serializers.IntegerField(read_only=True)
    number = serializers.IntegerField(read_only=True, help_text="In the account.")
    rule = serializers.IntegerField(source="rule_id", read_only=True, allow_null=True)
    rule_name = serializers.CharField(read_only=True)
    target = serializers.CharField(read_only=True)
    state = serializers.CharField(read_only=True)
    sentence = serializers.CharField(read_only=True)
    silenced = serializers.BooleanField(read_only=True)
    opened = serializers.DateTimeField(read_only=True)
    acknowledged_at = serializers.DateTimeField(read_only=True, allow_null=True)
    acknowledged_until = serializers.DateTimeField(read_only=True, allow_null=True)
    resolved_at = serializers.DateTimeField(read_only=True, allow_null=True)


class IncidentDetailSerializer(IncidentSerializer):
    """An incident with its timeline."""

    events = EventSerializer(
        many=True,
        read_only=True,
        help_text="Who may not change the account reads `a…@example.org` and `+43 … 12` for addresses and numbers.",
    )


class AcknowledgementSerializer(serializers.Serializer[Any]):
    """Until when nobody else needs to be told; null: as long as it lasts."""

    until = serializers.DateTimeField(required=False, allow_null=True, default=None)


class SilenceSerializer(serializers.Serializer[Any]):
    """A silence of a rule, a process or a pattern."""

    id = serializers.IntegerField(read_only=True)
    rule = serializers.IntegerField(
        source="rule_id", required=False, allow_null=True, default=None, min_value=1, max_value=2**63 - 1
    )
    process = serializers.CharField(required=False, allow_blank=True, default="", max_length=128)
    pattern = serializers.CharField(required=False, allow_blank=True, default="", max_length=259)
    starts = serializers.DateTimeField()
    ends = serializers.DateTimeField()
    recurrence = serializers.JSONField(required=False, allow_null=True, default=None)
    reason = serializers.CharField(max_length=200)


class RulesView(APIView):
    """The rules of an account."""

    @extend_schema(
        operation_id="rules", parameters=[ACCOUNT], responses={200: RuleSerializer(many=True), **openapi.REFUSALS}
    )
    def get(self, request: Request) -> Response:
        """All rules, by name."""
        rows = Rule.objects.filter(account=access_for_request(request).account, canary=False)
        return Response(RuleSerializer(rows.order_by("name", "pk"), many=True).data)

    @extend_schema(
        operation_id="rule_make",
        parameters=[ACCOUNT],
        request=RuleSerializer,
        responses={201: RuleSerializer, **CHANGING},
    )
    def post(self, request: Request) -> Response:
        """Makes a rule."""
        access = to_change(request)
        rule = told(lambda: changes.make_rule(request, access, _rule_in(request)))
        return Response(RuleSerializer(rule).data, status=201)


class RuleView(APIView):
    """One rule."""

    @extend_schema(operation_id="rule", parameters=[ACCOUNT], responses={200: RuleSerializer, **openapi.REFUSALS})
    def get(self, request: Request, rule_id: int) -> Response:
        """The rule."""
        return Response(RuleSerializer(changes.rule_of(access_for_request(request), rule_id)).data)

    @extend_schema(
        operation_id="rule_change",
        parameters=[ACCOUNT],
        request=RuleSerializer,
        responses={200: RuleSerializer, **CHANGING},
    )
    def put(self, request: Request, rule_id: int) -> Response:
        """Changes the rule to this. What it has open is over where it is about something else now."""
        rule = changes.rule_of(to_change(request), rule_id)
        told(lambda: changes.change_rule(request, rule, _rule_in(request), timezone.now()))
        return Response(RuleSerializer(rule).data)

    @extend_schema(operation_id="rule_delete", parameters=[ACCOUNT], responses={204: None, **CHANGING})
    def delete(self, request: Request, rule_id: int) -> Response:
        """Deletes the rule; what it has open is over."""
        changes.delete_rule(request, changes.rule_of(to_change(request), rule_id), timezone.now())
        return Response(status=204)


class IncidentsView(APIView):
    """The incidents of an account."""

    @extend_schema(
        operation_id="incidents",
        parameters=[ACCOUNT],
        responses={200: IncidentSerializer(many=True), **openapi.REFUSALS},
    )
    def get(self, request: Request) -> Response:
        """The last incidents, the newest first."""
        rows = Incident.objects.filter(account=access_for_request(request).account).exclude(rule__canary=True)
        return Response(IncidentSerializer(rows.order_by("-number")[:MOST_INCIDENTS], many=True).data)


class IncidentView(APIView):
    """One incident."""

    @extend_schema(
        operation_id="incident", parameters=[ACCOUNT], responses={200: IncidentDetailSerializer, **openapi.REFUSALS}
    )
    def get(self, request: Request, incident_id: int) -> Response:
        """The incident with its timeline."""
        access = access_for_request(request)
        return _answered(request, access, changes.incident_of(access, incident_id))


class AcknowledgeView(APIView):
    """Taking care of an incident."""

    @extend_schema(
        operation_id="incident_acknowledge",
        parameters=[ACCOUNT],
        request=AcknowledgementSerializer,
        responses={200: IncidentDetailSerializer, **CHANGING},
    )
    def post(self, request: Request, incident_id: int) -> Response:
        """Nobody else is told of it, until it is over or the acknowledgement ends."""
        access = to_change(request)
        incident = changes.incident_of(access, incident_id)
        until: datetime | None = valid(AcknowledgementSerializer, request)["until"]
        told(lambda: changes.acknowledge(request, incident, How.API, timezone.now(), until))
        return _answered(request, access, incident)


class ResolveView(APIView):
    """Ending an incident."""

    @extend_schema(
        operation_id="incident_resolve",
        parameters=[ACCOUNT],
        request=None,
        responses={200: IncidentDetailSerializer, **CHANGING},
    )
    def post(self, request: Request, incident_id: int) -> Response:
        """It is over; it opens anew only when its values go wrong anew."""
        access = to_change(request)
        incident = changes.incident_of(access, incident_id)
        told(lambda: changes.resolve(request, incident, How.API, timezone.now()))
        return _answered(request, access, incident)


class SilencesView(APIView):
    """The silences of an account."""

    @extend_schema(
        operation_id="silences", parameters=[ACCOUNT], responses={200: SilenceSerializer(many=True), **openapi.REFUSALS}
    )
    def get(self, request: Request) -> Response:
        """Those that have not ended, the one that ends first at the front."""
        rows = Silence.objects.filter(account=access_for_request(request).account, ends__gt=timezone.now())
        return Response(SilenceSerializer(rows.order_by("ends", "pk"), many=True).data)

    @extend_schema(
        operation_id="silence_make",
        parameters=[ACCOUNT],
        request=SilenceSerializer,
        responses={201: SilenceSerializer, **CHANGING},
    )
    def post(self, request: Request) -> Response:
        """Makes a silence."""
        access = to_change(request)
        said = valid(SilenceSerializer, request)
        draft = SilenceDraft(rule=said.pop("rule_id"), **said)
        silence = told(lambda: changes.make_silence(request, access, draft, timezone.now()))
        return Response(SilenceSerializer(silence).data, status=201)


class SilenceView(APIView):
    """One silence."""

    @extend_schema(operation_id="silence_end", parameters=[ACCOUNT], responses={204: None, **CHANGING})
    def delete(self, request: Request, silence_id: int) -> Response:
        """Ends the silence now: what still burns is told."""
        changes.end_silence(request, changes.silence_of(to_change(request), silence_id), timezone.now())
        return Response(status=204)


def _rule_in(request: Request) -> RuleDraft:
    said = valid(RuleSerializer, request)
    return RuleDraft(escalation=said.pop("escalation_id"), **said)


def _answered(request: Request, access: Access, incident: Incident) -> Response:
    incident.refresh_from_db()
    events = incident_lists.timeline_of(incident, reader_of(request, access))
    return Response(IncidentSerializer(incident).data | {"events": EventSerializer(events, many=True).data})
