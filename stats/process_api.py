"""The processes of an account over the API: their health, and the removal of one that is down."""

from typing import Any

from django.db import transaction
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import audit
from accounts.access import Right, access_for_request
from accounts.models import Account
from stats import openapi
from stats.aggregation.names import is_name
from stats.api import ACCOUNT, asked, reply_to


class StillRuns(APIException):
    """Only a process that is down can be removed: any other would be back with its next commit."""

    status_code = 409
    default_detail = "This process still commits. It can be removed when it has been down for a minute."


class ProcessesView(APIView):
    """The processes of an account."""

    @extend_schema(
        operation_id="processes",
        parameters=[ACCOUNT],
        responses={200: openapi.answer(openapi.Processes), **openapi.REFUSALS},
    )
    def get(self, request: Request) -> Response:
        """Each process with state, uptime, memory, cpu, errors, warnings, restarts, missing commits and instances."""
        return Response({"processes": _health(access_for_request(request).account)})


class ProcessView(APIView):
    """A process of an account."""

    @extend_schema(
        operation_id="process_remove",
        parameters=[ACCOUNT, OpenApiParameter("name", str, OpenApiParameter.PATH)],
        responses={
            204: None,
            **openapi.REFUSALS,
            403: openapi.answer(openapi.Problem, "You may look at this account, not change it."),
            409: openapi.answer(openapi.Problem, "It still commits."),
        },
    )
    def delete(self, request: Request, name: str) -> Response:
        """Removes a process that is down; its past days stay. If it speaks again, it appears anew."""
        account = access_for_request(request, right=Right.CHANGE).account
        if not is_name(name):
            raise Http404
        with transaction.atomic():
            audit.record(request, "process.removed", account, name)
            _remove(account, name)
        return Response(status=204)


def _remove(account: Account, name: str) -> None:
    if reply_to(account, {"type": "engine.remove", "name": name})["done"]:
        return
    if any(process["nam"] == name for process in _health(account)):
        raise StillRuns
    raise Http404


def _health(account: Account) -> list[dict[str, Any]]:
    processes: list[dict[str, Any]] = asked(account, {"type": "engine.health"})
    return processes
