"""What people say of groups of errors and warnings, over the API."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import audit
from accounts.access import Right, access_for_request, person_of
from stats import openapi
from stats.api import ACCOUNT, group_of_key
from stats.decisions import decide, forget
from stats.models import GroupDecision
from stats.storage.paths import Level

LONGEST_MUTE = 24 * 90  # hours
_CHANGING = {
    **openapi.REFUSALS,
    403: openapi.answer(openapi.Problem, "You may look at this account, not change it."),
}


class DecisionSerializer(serializers.Serializer[Any]):
    """What somebody says of a group."""

    said = serializers.ChoiceField(choices=GroupDecision.Said.choices)
    hours = serializers.IntegerField(
        min_value=1, max_value=LONGEST_MUTE, required=False, help_text="How long it is muted; only with `muted`."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if (attrs["said"] == GroupDecision.Said.MUTED) != ("hours" in attrs):
            raise serializers.ValidationError({"hours": "Say for how many hours with “muted”, and only then."})
        return attrs


class DecisionView(APIView):
    """The decision about a group."""

    level: Level = "error"

    @extend_schema(
        parameters=[ACCOUNT],
        request=DecisionSerializer,
        responses={200: DecisionSerializer, **_CHANGING, 400: openapi.INVALID, 415: openapi.NOT_JSON},
    )
    def put(self, request: Request, key: str) -> Response:
        """Says that the group was seen, is resolved, or is muted for a while; it replaces what was said before."""
        account = access_for_request(request, right=Right.CHANGE).account
        group = group_of_key(account, self.level, key)
        serializer = DecisionSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        said = serializer.validated_data
        # Never before what it is about: the clocks of two machines need not agree.
        at = max(timezone.now(), datetime.fromtimestamp(group["last"], UTC))
        until = at + timedelta(hours=said["hours"]) if "hours" in said else None
        person = person_of(request)
        decide(
            GroupDecision(account=account, level=self.level, key=key, said=said["said"], at=at, until=until, by=person)
        )
        audit.record(request, f"group.{said['said']}", account, group["title"])
        return Response(serializer.data)

    @extend_schema(parameters=[ACCOUNT], responses={204: None, **_CHANGING})
    def delete(self, request: Request, key: str) -> Response:
        """The group counts as new again."""
        account = access_for_request(request, right=Right.CHANGE).account
        group = group_of_key(account, self.level, key)
        forget(account, self.level, key)
        audit.record(request, "group.reopened", account, group["title"])
        return Response(status=204)
