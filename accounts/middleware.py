"""What goes around each request of a person."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.deprecation import MiddlewareMixin

from accounts.timezones import zone_of


class PersonalTimeZone(MiddlewareMixin):
    """Templates show times in the zone that the person chose, else in UTC, which a script then turns into the
    browser's (`moments.js`)."""

    def process_request(self, request: HttpRequest) -> None:
        timezone.activate(zone_of(request.user) or timezone.get_default_timezone())

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:  # noqa: ARG002
        timezone.deactivate()
        return response
