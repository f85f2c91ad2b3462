"""Alerts in a real browser: a rule whose limit is dragged, a real alarm, its mail, its link, its timeline."""

import re
import time
from collections.abc import Callable

from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from stats.storage.paths import Stat
from tests.alerts.test_alerts_end_to_end import wait_for_a_whole_minute
from tests.alerts.test_trial import write
from tests.browser.test_main_job import client_program
from tests.browser.test_processes import LOOKS, logged_in, show
from tests.server import Keys, Server, wait_for
from tests.stats.commits import body, partial

EMAIL = "alerts@example.org"
FIRING = '[data-count="firing"]'
_ESCALATION = """
from django.utils import timezone
from accounts.models import Account, Contact
from alerts.models import Escalation, EscalationStep
account = Account.objects.get(pk={account})
person = account.members.get()
contact, _ = Contact.objects.get_or_create(
    account=account, user=person, medium="email", address=person.email, defaults={{"confirmed": timezone.now()}})
escalation = Escalation.objects.create(account=account, name="On call")
EscalationStep.objects.create(escalation=escalation, position=0, channel="email", contact=contact)
"""


def week_of_orders(server: Server, keys: Keys) -> None:
    """Five a minute, and in each of three nights ten minutes of 60."""
    now = int(time.time()) // 60
    minutes = {now - ago: 5.0 for ago in range(2, 7 * 1440)}
    minutes |= {now - day * 1440 - ago: 60.0 for day in (1, 3, 5) for ago in range(200, 210)}
    write(server.data / "stats", Stat(keys.account, "api", "c", "orders"), minutes)


def drag_limit(page: Page, share: float) -> None:
    """Takes the limit to that share of the plot's height, counted from its foot."""
    handle, over = page.locator(".limit").bounding_box(), page.locator("#trial-plot .u-over").bounding_box()
    assert handle is not None
    assert over is not None
    x = handle["x"] + 60
    page.mouse.move(x, handle["y"] + handle["height"] / 2)
    page.mouse.down()
    page.mouse.move(x, over["y"] + over["height"] * (1 - share), steps=5)
    page.mouse.up()


def look_at(page: Page, picture: Callable[[Page, str], None], name: str) -> None:
    """From phone to desk, light and dark: nothing sticks out."""
    for width, scheme in LOOKS:
        show(page, width, scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        picture(page, f"{name}-{width}-{scheme}")
    show(page, 1440, "light")


def make_a_rule(page: Page, picture: Callable[[Page, str], None]) -> None:
    """On its page: the limit is dragged, tried on the past, proposed, and at last written."""
    sentence = page.locator("#trial-sentence")
    expect(sentence).to_contain_text("Drag the line")
    drag_limit(page, 0.5)
    expect(sentence).to_contain_text("It would have fired 3 times in the past week, for")
    limit = float(page.get_by_label("Limit", exact=True).input_value())
    assert 20 < limit < 60
    page.get_by_role("slider", name="Limit on the plot").press("ArrowUp")
    assert float(page.get_by_label("Limit", exact=True).input_value()) > limit
    page.get_by_label("Tell by").select_option(label="On call")
    expect(sentence).to_contain_text("Sent, if nobody acknowledges: 6 e-mails")
    page.get_by_label("Name").fill("Orders")
    page.get_by_label("Over after, minutes").fill("60")
    look_at(page, picture, "alerts-rule")
    page.get_by_role("button", name="Propose a limit").click()
    expect(page.locator("#trial-proposal")).to_contain_text("false alarms a week are to be expected")
    page.get_by_label("Limit", exact=True).fill("100")
    page.get_by_label("Well again at").fill("")
    expect(sentence).to_contain_text("It would not have fired")
    page.get_by_role("button", name="Make the rule").click()
    expect(page.get_by_role("row", name=re.compile("Orders"))).to_contain_text("value above 100 for 1 min")
    picture(page, "alerts-rules")


class Line:
    """A page's way to the live websocket, which can be cut."""

    def __init__(self, page: Page) -> None:
        self._open: list[WebSocketRoute] = []
        self._whole = True
        page.route_web_socket(re.compile("/ws/live/"), self._connect)

    def cut(self) -> None:
        self._whole = False
        for socket in self._open:
            socket.close()

    def mend(self) -> None:
        self._whole = True

    def _connect(self, socket: WebSocketRoute) -> None:
        if self._whole:
            socket.connect_to_server()
            self._open.append(socket)
        else:
            socket.close()


def watched_plot(board: Page, url: str) -> Locator:
    """The plot of the orders on a dashboard, with the rule that watches them."""
    board.goto(f"{url}#plots=api/c/orders")
    plot = board.locator('[data-stat="api/c/orders"]')
    expect(plot.locator(".watched")).to_contain_text("Limits: Orders")
    expect(plot.get_by_role("link", name="Make a rule")).to_have_attribute("href", re.compile("api%2Fc%2Forders"))
    expect(board.locator(FIRING)).to_be_hidden()
    return plot


def test_from_a_dragged_limit_to_the_timeline(
    server: Server, new_page: Callable[..., Page], picture: Callable[[Page, str], None]
) -> None:
    keys = server.new_account(EMAIL)
    done = server.manage("shell", "-c", _ESCALATION.format(account=keys.account))
    assert done.returncode == 0, done.stderr
    week_of_orders(server, keys)
    assert server.commit(keys.key, body("api", partial("orders", [1]))).status == 200
    page = logged_in(new_page(), server, EMAIL)
    page.goto(f"{server.url}/a/{keys.account}/alerts/rules/new/?target=api/c/orders")
    make_a_rule(page, picture)

    wait_for_a_whole_minute(server)
    board = page.context.new_page()
    # From here on nothing may wait long but Playwright itself, which hands on what comes by this way.
    line = Line(board)
    marks = watched_plot(board, f"{server.url}/a/{keys.account}/").locator(".plot-marks")
    with client_program(keys.key, server.url):
        expect(board.locator(FIRING)).to_have_text("1", timeout=90_000)
        expect(board.locator("#connection-news")).to_be_empty()  # it was told, and did not come back to ask
        mail = wait_for(lambda: _mail(server), 15, "the mail")
    expect(marks.get_by_role("img", name="firing")).to_be_visible()
    expect(marks.locator("li.firing a")).to_have_text(re.compile("orders .+, above 100/min"))
    look_at(board, picture, "alerts-marks")
    page.goto(f"{server.url}/a/{keys.account}/alerts/")
    expect(page.locator(".incident")).to_contain_text("Told: alerts@example.org by E-mail.")
    look_at(page, picture, "alerts-open")
    link = next(url for url in re.findall(r"https?://\S+", mail) if "/alerts/answer/" in url)
    stranger = new_page()
    stranger.goto(re.sub(r"https?://[^/]+", server.url, link))
    look_at(stranger, picture, "alerts-answer")
    line.cut()
    stranger.get_by_role("button", name="Acknowledge").click()
    expect(stranger.locator(".note")).to_contain_text("Done.")
    look_at(stranger, picture, "alerts-answered")
    expect(page.locator(FIRING)).to_be_hidden()  # by the websocket of pages without values
    expect(board.locator(FIRING)).to_have_text("1")
    line.mend()
    expect(marks.get_by_role("img", name="acknowledged")).to_be_visible(timeout=15_000)
    expect(board.locator(FIRING)).to_be_hidden()
    page.locator(".incident-sentence").click()
    expect(page.locator(".timeline")).to_contain_text("Acknowledged by alerts@example.org, by link in a message.")
    expect(page.locator(".timeline")).to_contain_text("E-mail to alerts@example.org")
    look_at(page, picture, "alerts-incident")
    page.goto(f"{server.url}/a/{keys.account}/alerts/silences/")
    expect(page.get_by_label("Process")).to_be_hidden()
    page.get_by_label("Silence", exact=True).select_option(label="a process and its stats")
    expect(page.get_by_label("Process")).to_be_visible()
    look_at(page, picture, "alerts-silences")


def _mail(server: Server) -> str:
    """The alarm, as it came."""
    texts = [path.read_text() for path in (server.data / "outbox").glob("*")]
    return next((text for text in texts if "above 100/min" in text and "/alerts/answer/" in text), "")
