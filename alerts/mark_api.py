"""What the plots of the dashboard show of alerts, over the API."""

from typing import Any

import msgspec
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access import access_for_request
from accounts.timezones import zone_or_utc
from alerts import marks
from alerts.incident_lists import firing
from alerts.marks import Firing, StatMarks
from alerts.targets import TargetError
from stats import openapi
from stats.api import ACCOUNT


class SpanSerializer(serializers.Serializer[Any]):
    """Which stat, and which time."""

    stat = serializers.CharField(max_length=300)
    begin = serializers.DateTimeField()
    end = serializers.DateTimeField(required=False, default=timezone.now)


class FiringView(APIView):
    """What the top bar counts."""

    @extend_schema(
        operation_id="firing", parameters=[ACCOUNT], responses={200: openapi.answer(Firing), **openapi.REFUSALS}
    )
    def get(self, request: Request) -> Response:
        """How many incidents of the account nobody has acknowledged."""
        return Response(msgspec.to_builtins(Firing(firing=firing(access_for_request(request).account).count())))


class MarksView(APIView):
    """The rules and incidents of one stat."""

    @extend_schema(
        operation_id="marks",
        parameters=[
            ACCOUNT,
            OpenApiParameter("stat", str, required=True, description="`PROCESS/TYPE/NAME`."),
            OpenApiParameter("begin", str, required=True, description="Incidents that ended before are left out."),
            OpenApiParameter("end", str, description="Those that began later too; now where missing."),
        ],
        responses={200: openapi.answer(StatMarks), **openapi.REFUSALS, 400: openapi.INVALID},
    )
    def get(self, request: Request) -> Response:
        """The rules that watch a stat, with their limits, and its incidents and those of its process."""
        account = access_for_request(request).account
        asked = SpanSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        span = asked.validated_data
        try:
            found = marks.of_stat(account, span["stat"], span["begin"], span["end"], zone_or_utc(request.user))
        except TargetError as error:
            raise ValidationError({"stat": [str(error)]}) from None
        return Response(msgspec.to_builtins(found))
