"""Escalations, endpoints, ways and their tests, and caps over the API: everything that the pages can do."""

from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access import Access, Right, access_for_request
from accounts.models import User
from alerts import budget, endpoint_changes, endpoints, ways
from alerts.api_calls import CHANGING, to_change, told, valid
from alerts.models import EndpointKind, Escalation, EscalationStep, Notification, NotificationKind
from alerts.ways import EscalationDraft, StepDraft
from stats import openapi
from stats.api import ACCOUNT

MOST_TESTS = 10  # of an answer, the newest first


class StepSerializer(serializers.Serializer[Any]):
    """A step of an escalation."""

    after_seconds = serializers.IntegerField(default=0, min_value=0, max_value=ways.LATEST_STEP)
    way = serializers.CharField(
        max_length=40, help_text="One of `ways/`, such as `sms:12`; empty: it was removed, and nobody is told."
    )
    to = serializers.CharField(read_only=True, help_text="Whom; addresses only for those who may change the account.")


class EscalationSerializer(serializers.Serializer[Any]):
    """Steps that are taken until somebody acknowledges, and again after each `repeat_minutes`."""

    id = serializers.IntegerField(read_only=True)
    name = serializers.CharField(max_length=80)
    repeat_minutes = serializers.IntegerField(
        default=0, min_value=0, max_value=ways.MOST_REPEAT_MINUTES, help_text="0: never."
    )
    most_repeats = serializers.IntegerField(default=0, min_value=0, max_value=ways.MOST_REPEATS)
    steps = StepSerializer(many=True)


class EndpointSerializer(serializers.Serializer[Any]):
    """A URL that is told of incidents. It may hold a secret, so that answers have its `host`."""

    id = serializers.IntegerField(read_only=True)
    kind = serializers.ChoiceField(choices=[EndpointKind.WEBHOOK, EndpointKind.SLACK])
    name = serializers.CharField(max_length=80)
    url = serializers.CharField(max_length=endpoints.MOST_LETTERS, write_only=True)
    host = serializers.CharField(read_only=True)


class EndpointMadeSerializer(EndpointSerializer):
    """A new endpoint with the secret that signs what a webhook gets: no other answer has it."""

    secret = serializers.CharField(read_only=True)


class EndpointChangeSerializer(serializers.Serializer[Any]):
    """Another name and, unless it is empty, another URL."""

    name = serializers.CharField(max_length=80)
    url = serializers.CharField(max_length=endpoints.MOST_LETTERS, required=False, allow_blank=True, default="")


class SecretSerializer(serializers.Serializer[Any]):
    """A new secret: no other answer has it."""

    secret = serializers.CharField(read_only=True)


class WaySerializer(serializers.Serializer[Any]):
    """A channel to a confirmed contact or to an endpoint."""

    way = serializers.CharField(source="key", read_only=True)
    channel = serializers.CharField(read_only=True)
    shown = serializers.CharField(read_only=True)


class TrySerializer(serializers.Serializer[Any]):
    """Which way is tried."""

    way = serializers.CharField(max_length=40)


class TestSerializer(serializers.Serializer[Any]):
    """A test, and what became of it."""

    channel = serializers.CharField(read_only=True)
    to = serializers.CharField(source="address", read_only=True)
    state = serializers.CharField(read_only=True)
    why = serializers.CharField(read_only=True)
    at = serializers.DateTimeField(source="created", read_only=True)


class BudgetSerializer(serializers.Serializer[Any]):
    """What went out this month (UTC), and how much may; without a person that of the whole account."""

    id = serializers.IntegerField(source="person_id", read_only=True, allow_null=True)
    person = serializers.CharField(read_only=True, allow_null=True)
    sms = serializers.IntegerField(read_only=True)
    most_sms = serializers.IntegerField(read_only=True)
    calls = serializers.IntegerField(read_only=True)
    most_calls = serializers.IntegerField(read_only=True)
    mailed = serializers.BooleanField(read_only=True, help_text="At the cap an e-mail comes instead.")


class CapSerializer(serializers.Serializer[Any]):
    """How many may go out in a month; both null: as where nobody has said anything."""

    sms = serializers.IntegerField(allow_null=True, min_value=0, max_value=budget.MOST)
    calls = serializers.IntegerField(allow_null=True, min_value=0, max_value=budget.MOST)


class EscalationsView(APIView):
    """The escalations of an account."""

    @extend_schema(
        operation_id="escalations",
        parameters=[ACCOUNT],
        responses={200: EscalationSerializer(many=True), **openapi.REFUSALS},
    )
    def get(self, request: Request) -> Response:
        """All escalations, by name."""
        access = access_for_request(request)
        return Response([_plain(one, access) for one in _with_steps(ways.escalations_of(access.account))])

    @extend_schema(
        operation_id="escalation_make",
        parameters=[ACCOUNT],
        request=EscalationSerializer,
        responses={201: EscalationSerializer, **CHANGING},
    )
    def post(self, request: Request) -> Response:
        """Makes an escalation."""
        access = to_change(request)
        made = told(lambda: ways.make_escalation(request, access, _draft(request, access)))
        return Response(_shown(made, access), status=201)


class EscalationView(APIView):
    """One escalation."""

    @extend_schema(
        operation_id="escalation", parameters=[ACCOUNT], responses={200: EscalationSerializer, **openapi.REFUSALS}
    )
    def get(self, request: Request, escalation_id: int) -> Response:
        """The escalation."""
        access = access_for_request(request)
        return Response(_shown(ways.escalation_of(access, escalation_id), access))

    @extend_schema(
        operation_id="escalation_change",
        parameters=[ACCOUNT],
        request=EscalationSerializer,
        responses={200: EscalationSerializer, **CHANGING},
    )
    def put(self, request: Request, escalation_id: int) -> Response:
        """Changes the escalation to this; messages that wait already stay."""
        access = to_change(request)
        found = ways.escalation_of(access, escalation_id)
        told(lambda: ways.change_escalation(request, found, _draft(request, access)))
        return Response(_shown(found, access))

    @extend_schema(operation_id="escalation_delete", parameters=[ACCOUNT], responses={204: None, **CHANGING})
    def delete(self, request: Request, escalation_id: int) -> Response:
        """Deletes the escalation; 400 where rules tell by it."""
        found = ways.escalation_of(to_change(request), escalation_id)
        told(lambda: ways.delete_escalation(request, found))
        return Response(status=204)


class EndpointsView(APIView):
    """The endpoints of an account."""

    @extend_schema(
        operation_id="endpoints", parameters=[ACCOUNT], responses={200: EndpointSerializer(many=True), **CHANGING}
    )
    def get(self, request: Request) -> Response:
        """All endpoints, by name."""
        rows = ways.endpoints_of(to_change(request).account)
        return Response(EndpointSerializer(rows, many=True).data)

    @extend_schema(
        operation_id="endpoint_make",
        parameters=[ACCOUNT],
        request=EndpointSerializer,
        responses={201: EndpointMadeSerializer, **CHANGING},
    )
    def post(self, request: Request) -> Response:
        """Makes an endpoint. Only this answer has its secret."""
        access, said = to_change(request), valid(EndpointSerializer, request)
        kind = EndpointKind(said["kind"])
        made = told(lambda: endpoint_changes.make_endpoint(request, access, kind, said["name"], said["url"]))
        return Response(EndpointMadeSerializer(made).data, status=201)


class EndpointView(APIView):
    """One endpoint."""

    @extend_schema(operation_id="endpoint", parameters=[ACCOUNT], responses={200: EndpointSerializer, **CHANGING})
    def get(self, request: Request, endpoint_id: int) -> Response:
        """The endpoint."""
        return Response(EndpointSerializer(ways.endpoint_of(to_change(request), endpoint_id)).data)

    @extend_schema(
        operation_id="endpoint_change",
        parameters=[ACCOUNT],
        request=EndpointChangeSerializer,
        responses={200: EndpointSerializer, **CHANGING},
    )
    def put(self, request: Request, endpoint_id: int) -> Response:
        """Gives it another name, and another URL."""
        found = ways.endpoint_of(to_change(request), endpoint_id)
        said = valid(EndpointChangeSerializer, request)
        told(lambda: endpoint_changes.change_endpoint(request, found, **said))
        return Response(EndpointSerializer(found).data)

    @extend_schema(operation_id="endpoint_delete", parameters=[ACCOUNT], responses={204: None, **CHANGING})
    def delete(self, request: Request, endpoint_id: int) -> Response:
        """Deletes the endpoint; 400 where rules would then tell nobody."""
        found = ways.endpoint_of(to_change(request), endpoint_id)
        told(lambda: endpoint_changes.delete_endpoint(request, found))
        return Response(status=204)


class EndpointSecretView(APIView):
    """The secret of a webhook."""

    @extend_schema(
        operation_id="endpoint_secret_replace",
        parameters=[ACCOUNT],
        request=None,
        responses={200: SecretSerializer, **CHANGING},
    )
    def post(self, request: Request, endpoint_id: int) -> Response:
        """Replaces the secret, at once. Only this answer has the new one."""
        found = ways.endpoint_of(to_change(request), endpoint_id)
        told(lambda: endpoint_changes.replace_secret(request, found))
        return Response(SecretSerializer(found).data)


class WaysView(APIView):
    """The ways to tell somebody of an account."""

    @extend_schema(operation_id="ways", parameters=[ACCOUNT], responses={200: WaySerializer(many=True), **CHANGING})
    def get(self, request: Request) -> Response:
        """All of them, people first: what steps and tests name."""
        return Response(WaySerializer(ways.ways_of(to_change(request).account), many=True).data)


class TestsView(APIView):
    """Tests of ways."""

    @extend_schema(
        operation_id="way_tests", parameters=[ACCOUNT], responses={200: TestSerializer(many=True), **CHANGING}
    )
    def get(self, request: Request) -> Response:
        """The last tests, the newest first."""
        rows = Notification.objects.filter(account=to_change(request).account, kind=NotificationKind.TEST)
        return Response(TestSerializer(rows.order_by("-created")[:MOST_TESTS], many=True).data)

    @extend_schema(
        operation_id="way_test", parameters=[ACCOUNT], request=TrySerializer, responses={201: WaySerializer, **CHANGING}
    )
    def post(self, request: Request) -> Response:
        """Sends a test by a way, within seconds; what became of it is in the list."""
        access, said = to_change(request), valid(TrySerializer, request)
        way = told(lambda: ways.try_way(request, access, said["way"], timezone.now()))
        return Response(WaySerializer(way).data, status=201)


class CapsView(APIView):
    """What an account may spend on SMS and calls."""

    @extend_schema(
        operation_id="caps", parameters=[ACCOUNT], responses={200: BudgetSerializer(many=True), **openapi.REFUSALS}
    )
    def get(self, request: Request) -> Response:
        """The month of the account, then of its people: for an owner all, for others their own."""
        access = access_for_request(request)
        reader = request.user if isinstance(request.user, User) else None
        return Response(BudgetSerializer(budget.budgets(access, reader, timezone.now()), many=True).data)

    @extend_schema(
        operation_id="cap_of_account", parameters=[ACCOUNT], request=CapSerializer, responses={204: None, **CHANGING}
    )
    def put(self, request: Request) -> Response:
        """Sets the caps of the whole account; its owners may."""
        access = to_change(request, Right.OWN)
        told(lambda: budget.set_cap(request, access.account, None, **valid(CapSerializer, request)))
        return Response(status=204)


class CapView(APIView):
    """What a person of an account may spend."""

    @extend_schema(
        operation_id="cap_of_person", parameters=[ACCOUNT], request=CapSerializer, responses={204: None, **CHANGING}
    )
    def put(self, request: Request, person_id: int) -> Response:
        """Sets the caps of a person, by the id that the list has; the account's owners may."""
        access = to_change(request, Right.OWN)
        person = budget.person_in(access, person_id)
        told(lambda: budget.set_cap(request, access.account, person, **valid(CapSerializer, request)))
        return Response(status=204)


def _draft(request: Request, access: Access) -> EscalationDraft:
    said = valid(EscalationSerializer, request)
    known = {way.key: way for way in ways.ways_of(access.account)}
    steps = [StepDraft(step["after_seconds"], ways.known_way(known, step["way"], "steps")) for step in said["steps"]]
    minutes = said["repeat_minutes"]
    return EscalationDraft(said["name"], steps, minutes, max(said["most_repeats"], 1) if minutes else 0)


def _with_steps(rows: QuerySet[Escalation]) -> QuerySet[Escalation]:
    return rows.prefetch_related(Prefetch("steps", EscalationStep.objects.select_related("contact__user", "endpoint")))


def _shown(escalation: Escalation, access: Access) -> dict[str, Any]:
    return _plain(_with_steps(Escalation.objects.all()).get(pk=escalation.pk), access)


def _plain(escalation: Escalation, access: Access) -> dict[str, Any]:
    steps = [
        {"after_seconds": step.after_seconds, "way": ways.key_of(step), "to": ways.whom(step, access)}
        for step in escalation.steps.all()
    ]
    return {
        "id": escalation.pk,
        "name": escalation.name,
        "repeat_minutes": escalation.repeat_minutes,
        "most_repeats": escalation.most_repeats,
        "steps": steps,
    }
