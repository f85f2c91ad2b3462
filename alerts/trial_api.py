"""Trying a condition on the past week over the API: what the page of a rule asks while it is edited."""

import time
from typing import Any

import msgspec
from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import Throttled, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access import Access, Right, access_for_request
from accounts.timezones import zone_or_utc
from alerts import backtest, changes, conditions, targets, trial_on_files
from alerts.backtest import Plan, Step
from alerts.changes import ChangeError
from alerts.conditions import Condition, ConditionError
from alerts.models import TargetKind
from alerts.trial_on_files import Question
from stats import openapi, owned
from stats.api import ACCOUNT, EngineAway
from stats.engine_call import EngineError
from stats.storage.paths import Stat

TIMEOUT = 20.0  # seconds: what is usual of each day of a week takes its time


class TrialSerializer(serializers.Serializer[Any]):
    """A condition, the stat that it is tried on, and the escalation that would tell of it."""

    stat = serializers.CharField(max_length=300)
    condition = serializers.JSONField()
    escalation = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=1, max_value=2**63 - 1
    )
    propose = serializers.BooleanField(default=False)


class AlarmSerializer(serializers.Serializer[Any]):
    """When it would have fired, in Unix seconds; without an end it still burns."""

    begin = serializers.IntegerField()
    end = serializers.IntegerField(allow_null=True)


class ProposalSerializer(serializers.Serializer[Any]):
    """A condition, and how many alarms a week are to be expected of it."""

    condition = serializers.JSONField()
    forecast = serializers.FloatField()
    alarms = serializers.IntegerField()


class _Numbers(serializers.ListField):
    child = serializers.FloatField(allow_null=True)


class TriedSerializer(serializers.Serializer[Any]):
    """The past week in points of `step` seconds, and what the condition would have done in it."""

    start = serializers.IntegerField()
    step = serializers.IntegerField()
    low = _Numbers(help_text="The lowest value of each point.")
    high = _Numbers(help_text="The highest value of each point.")
    least = _Numbers(help_text="Below this the value is bad.")
    most = _Numbers(help_text="Above this the value is bad.")
    alarms = AlarmSerializer(many=True)
    per_week = serializers.FloatField()
    seconds = serializers.IntegerField(help_text="How long all alarms lasted together.")
    messages = serializers.DictField(child=serializers.IntegerField(), help_text="By channel, if nobody acknowledges.")
    cost = serializers.FloatField(allow_null=True, help_text="Of the messages; null where no prices are set.")
    currency = serializers.CharField()
    proposal = ProposalSerializer(allow_null=True)


class TrialView(APIView):
    """Trying a condition on the past."""

    @extend_schema(
        operation_id="trial",
        parameters=[ACCOUNT],
        request=TrialSerializer,
        responses={
            200: TriedSerializer,
            **openapi.REFUSALS,
            400: openapi.INVALID,
            403: openapi.answer(openapi.Problem, "You may look at this account, not change it."),
            415: openapi.NOT_JSON,
            429: openapi.answer(openapi.Problem, "Another trial of this account is under way; see `Retry-After`."),
        },
    )
    def post(self, request: Request) -> Response:
        """Where a condition would have fired in the past 7 days, and what would have been sent.

        Of an account one is tried at a time: while another trial is under way the answer is 429.
        """
        access = access_for_request(request, right=Right.CHANGE)
        serializer = TrialSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        said = serializer.validated_data
        question = Question(
            stat=_stat(access, said["stat"]),
            condition=_condition(said["condition"]),
            zone=zone_or_utc(request.user).key,
            end=int(time.time()) // 60,
            plan=_plan(access, said["escalation"]),
            propose=said["propose"],
        )
        found = _asked(access, question)
        prices = settings.ALERT_PRICES
        cost = backtest.cost(found["messages"], prices) if any(prices.values()) else None
        return Response(found | {"cost": cost, "currency": settings.ALERT_CURRENCY})


def _asked(access: Access, question: Question) -> dict[str, Any]:
    try:
        found = owned.ask_files(access.account, trial_on_files.NAME, msgspec.to_builtins(question), TIMEOUT)
    except EngineError:
        raise EngineAway from None
    if found == trial_on_files.BUSY:
        raise Throttled(1, "Another trial of this account is under way.")
    return found


def _stat(access: Access, text: str) -> Stat:
    found = targets.stat_of(text)
    if found is None:
        raise ValidationError({"stat": ["A stat is named by its process, type and name, such as api/ms/query."]})
    return Stat(access.account.pk, *found)


def _condition(data: Any) -> Condition:
    try:
        condition = conditions.convert(data)
    except ConditionError as error:
        raise ValidationError({f"condition.{error.field}": [str(error)]}) from error
    if not changes.fits(condition, TargetKind.STAT):
        raise ValidationError({"condition.kind": ["Only a condition on a stat can be tried."]})
    return condition


def _plan(access: Access, escalation: int | None) -> Plan:
    """What would be sent; nothing without an escalation."""
    try:
        found = changes.escalation_of(access.account.pk, escalation)
    except ChangeError as error:
        raise ValidationError({error.field: [str(error)]}) from error
    if found is None:
        return Plan([])
    steps = [
        Step(step.after_seconds, step.channel, str(step.contact.user if step.contact else step.endpoint))
        for step in found.steps.select_related("contact__user", "endpoint")
    ]
    return Plan(steps, found.repeat_minutes, found.most_repeats)
