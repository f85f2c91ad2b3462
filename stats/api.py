"""The read API, and the documented face of ingest."""

import datetime
import time
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from asgiref.sync import async_to_sync
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import access
from accounts.client_address import address_of
from accounts.models import Account
from accounts.routing import shard_of
from accounts.timezones import UTC, chosen_zone
from stats import history, ingest, openapi, owned
from stats.aggregation.group_state import state_of
from stats.aggregation.names import is_name
from stats.aggregation.partial import KINDS
from stats.answer import MOST_BODY, TOO_LARGE, Answer
from stats.decisions import decisions_of
from stats.engine_call import EngineError, ask
from stats.http import key_of
from stats.storage.paths import Level, Stat
from stats.usage import Usage, usage

ACCOUNT = OpenApiParameter("account", int, description="Which account, for a user who belongs to several.")
_NAME = {"type": "string", "pattern": r"^[A-Za-z0-9_.:!-]{1,128}$"}


Method = TypeVar("Method", bound=Callable[..., Response])


def _as_commit(operation_id: str) -> Callable[[Method], Method]:
    return extend_schema(
        operation_id=operation_id,
        request={"application/json": {"$ref": "#/components/schemas/Commit"}},
        parameters=[openapi.RETRY_AFTER],
        responses=openapi.COMMIT_ANSWERS,
        auth=openapi.COMMIT_SECURITY,
    )


class CommitView(APIView):
    """Commits through Django REST framework: the same as `/agg`, documented and browsable."""

    authentication_classes: list[type[BaseAuthentication]] = []
    parser_classes: list[Any] = []

    @_as_commit("commit")
    def put(self, request: Request) -> Response:
        """Sends one commit of one process."""
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdigit() and int(length[:19]) > MOST_BODY:
            return _response(TOO_LARGE)
        body = request.read(MOST_BODY + 1)
        if len(body) > MOST_BODY:
            return _response(TOO_LARGE)
        key = key_of(request.META.get("QUERY_STRING", ""), request.META.get("HTTP_AUTHORIZATION", ""))
        encoding = request.META.get("HTTP_CONTENT_ENCODING", "")
        return _response(async_to_sync(ingest.accept)(key, encoding, body, address_of(request._request)))

    @_as_commit("commit_post")
    def post(self, request: Request) -> Response:
        """The same as PUT."""
        return self.put(request)


class CurrentView(APIView):
    """The latest state of everything."""

    @extend_schema(
        operation_id="current",
        parameters=[ACCOUNT],
        responses={200: openapi.answer(openapi.Current), **openapi.REFUSALS},
    )
    def get(self, request: Request) -> Response:
        """What a `.cur` file holds, for each process, as of now."""
        account = access.access_for_request(request).account
        return Response({"processes": asked(account, {"type": "engine.states"})})


class EventsView(APIView):
    """Errors or warnings."""

    level: Level = "error"

    @extend_schema(parameters=[ACCOUNT], responses={200: openapi.answer(openapi.Events), **openapi.REFUSALS})
    def get(self, request: Request) -> Response:
        """The last 100, newest last, and the groups of all, the one that was seen last first."""
        account = _private(request)
        found = asked(account, {"type": "engine.events", "level": self.level})
        decisions = decisions_of(account, self.level)
        for group in found["groups"]:
            group["state"] = state_of(decisions.get(group["key"]), group["last"], time.time())
        return Response(found)


class GroupView(APIView):
    """A group of errors or warnings."""

    level: Level = "error"

    @extend_schema(parameters=[ACCOUNT], responses={200: openapi.answer(openapi.Group), **openapi.REFUSALS})
    def get(self, request: Request, key: str) -> Response:
        """The group with the stack of its latest one, and those of the last 100 that are in it."""
        account = _private(request)
        found = _found_group(account, self.level, key)
        decision = decisions_of(account, self.level).get(key)
        found["group"]["state"] = state_of(decision, found["group"]["last"], time.time())
        return Response(found)


class UsageView(APIView):
    """How much of its limits an account uses."""

    @extend_schema(
        operation_id="usage",
        parameters=[ACCOUNT],
        responses={200: openapi.answer(Usage), **openapi.REFUSALS},
    )
    def get(self, request: Request) -> Response:
        """What of the account's limits is used now, and what its files take of the disk."""
        account = _private(request)
        try:
            return Response(msgspec.to_builtins(usage(account)))
        except EngineError:
            raise EngineAway from None


class DayView(APIView):
    """A stat's day beside its week."""

    @extend_schema(
        operation_id="day",
        parameters=[
            ACCOUNT,
            OpenApiParameter("process", _NAME, OpenApiParameter.PATH),
            OpenApiParameter("kind", str, OpenApiParameter.PATH, enum=KINDS),
            OpenApiParameter("name", _NAME, OpenApiParameter.PATH),
            OpenApiParameter("date", datetime.date, description="The local day; today where missing."),
            OpenApiParameter("step", int, description="Minutes a point, 1 to 60; 5 where missing."),
            OpenApiParameter(
                "tz",
                str,
                description="The viewer's time zone, such as Europe/Berlin; where missing the one of your profile, "
                "for a read key UTC.",
            ),
            OpenApiParameter(
                "q",
                str,
                description="Up to 9 shares from 0 to 1 with commas between them, such as 0.5,0.99: quantiles.",
            ),
        ],
        responses={200: openapi.answer(openapi.StatDay), **openapi.REFUSALS},
    )
    def get(self, request: Request, process: str, kind: str, name: str) -> Response:
        """The day's points, the average of the 7 days before it, what is usual, and the whole day."""
        granted = access.access_for_request(request)
        if kind not in KINDS or not (is_name(process) and is_name(name)):
            raise Http404
        query = request.query_params
        try:
            shown = history.view(
                date=query.get("date"),
                step=query.get("step", history.DEFAULT_STEP),
                tz=query.get("tz", chosen_zone(request.user) or UTC),
                q=query.get("q") or None,
                now=time.time(),
            )
        except history.HistoryError as error:
            raise ValidationError({"error": str(error)}) from None
        try:
            day = owned.day(granted.account, Stat(granted.account.pk, process, kind, name), shown)
        except EngineError:
            raise EngineAway from None
        return Response(vars(day) | {"date": shown.day.isoformat(), "tz": shown.zone.key})


class EngineAway(APIException):
    """The engine of the account's shard does not answer."""

    status_code = 503
    default_detail = "The live state cannot be read right now. Try again in a moment."


def group_of_key(account: Account, level: Level, key: str) -> dict[str, Any]:
    """A group of the account. Raises Http404 where there is none, EngineAway."""
    group: dict[str, Any] = _found_group(account, level, key)["group"]
    return group


def _found_group(account: Account, level: Level, key: str) -> dict[str, Any]:
    found: dict[str, Any] | None = asked(account, {"type": "engine.group", "level": level, "key": key})
    if found is None:
        raise Http404
    return found


def _private(request: Request) -> Account:
    """The account, where it is not only open to the request because it is account 0: its values are public; stack
    traces, keys and people of this server are not."""
    granted = access.access_for_request(request)
    if granted.role == access.PUBLIC:
        raise Http404
    return granted.account


def asked(account: Account, message: dict[str, Any]) -> Any:
    """What the engine of the account's shard answers as a text. Raises EngineAway."""
    return msgspec.json.decode(reply_to(account, message)["text"])


def reply_to(account: Account, message: dict[str, Any]) -> dict[str, Any]:
    """The whole answer of the engine of the account's shard. Raises EngineAway."""
    try:
        return ask(shard_of(account), message | {"account": account.pk}, owned.TIMEOUT)
    except EngineError:
        raise EngineAway from None


def _response(answer: Answer) -> Response:
    return Response(answer.body, status=answer.status, headers=answer.headers)
