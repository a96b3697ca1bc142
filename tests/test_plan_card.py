"""The card in a real browser, with a stand-in for the page around it."""

import re
import shutil
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations
from playwright.async_api import Page, Route, async_playwright

from custom_components.energy_optimizer.const import DOMAIN
from custom_components.energy_optimizer.coordinators.planning import WhyNot
from custom_components.energy_optimizer.core.model.plan import Origin
from custom_components.energy_optimizer.plan_answer import plan_columns
from custom_components.energy_optimizer.plan_words import async_plan_words
from scripts.demo_home.pictures.browser import ARGUMENTS, NAMES
from tests.planned_homes import plan_nothing, set_up_planned, show_plan, two_days
from tests.validators.repository import INTEGRATION

CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
PAGE = Path(__file__).parent / "card_page.html"
CARD = "/energy-optimizer-plan-card.js?v=1"
QUARTER = timedelta(minutes=15)
type Json = dict[str, Any]

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")


class Dashboard:
    """A page with the card on it."""

    def __init__(self, hass: HomeAssistant, page: Page) -> None:
        self.hass = hass
        self.page = page
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda message: message.type == "error" and self.complaints.append(message.text))

    async def show(self, news: Json | None, *, language: str = "en", **more: Any) -> None:
        """Put the card on the page, with what the subscription sends."""
        words: dict[str, str] = {}
        for category in ("entity", "selector"):
            words |= await async_get_translations(self.hass, language, category, {DOMAIN})
        given = {
            "words": words,
            "language": language,
            "locale": {"number_format": "language", "time_format": "language", "time_zone": "server"},
            "timeZone": "Europe/Paris",
            "config": {},
            "url": CARD,
            "dark": False,
        }
        await self.page.goto("http://card.test/")
        await self.page.evaluate("given => show(given)", given | more)
        if news is not None:
            await self.tell(news)

    async def tell(self, news: Json) -> None:
        """Let the subscription send something."""
        await self.page.evaluate("news => tell(news)", news)

    async def text(self, selector: str = "ha-card") -> str:
        """Return what can be read in a part of the card."""
        return re.sub(r"\s+", " ", await self.page.locator(selector).first.inner_text())


async def _serve(route: Route) -> None:
    name = route.request.url.split("?")[0].rsplit("/", 1)[1]
    path = INTEGRATION / "frontend" / name if name else PAGE
    if not path.is_file():
        await route.fulfill(status=404)
        return
    kind = "text/javascript" if name else "text/html"
    await route.fulfill(body=path.read_text(encoding="utf-8"), content_type=kind)


@pytest.fixture
async def dashboard(hass: HomeAssistant) -> AsyncIterator[Dashboard]:
    """A page that complains of nothing and lacks no words."""
    async with async_playwright() as play:
        browser = await play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = await browser.new_page(viewport={"width": 720, "height": 800})
        page.set_default_timeout(10_000)
        await page.route("**/*", _serve)
        shown = Dashboard(hass, page)
        yield shown
        assert not shown.complaints
        assert await page.evaluate("window.wordless") == []
        await browser.close()


@pytest.fixture
async def news_in(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Return what asks a home for the news of its plan of two days, in a language."""
    plan_nothing(monkeypatch)
    await hass.config.async_set_time_zone("Europe/Paris")
    planning = await set_up_planned(hass)
    now = datetime.now(UTC)
    made_at = now - (now - datetime(2026, 1, 1, tzinfo=UTC)) % QUARTER
    await show_plan(planning, two_days(made_at))

    async def news(language: str = "en", **more: Any) -> Json:
        return plan_columns(planning, await async_plan_words(hass, language)) | more

    return news


async def test_it_draws_the_plan(dashboard: Dashboard, news_in: Callable[..., Any]) -> None:
    await dashboard.show(await news_in())
    text = await dashboard.text()
    assert "Battery plan Self-consumption until" in text
    assert "Storing the surplus: 0.42" in text
    assert "Buying $0.30/kWh Selling $0.10/kWh" in text
    page = dashboard.page
    assert await page.locator("button").count() >= 10
    lines = page.locator("svg path.line")
    assert await lines.count() == 5
    for line in await lines.all():
        drawn = await line.get_attribute("d")
        assert drawn.startswith("M")
        assert "NaN" not in drawn
    assert await page.locator("svg path.range").count() == 2
    assert await page.evaluate("asked.filter(each => each.type).length") == 1
    assert await page.evaluate("asked[0]") == {"type": "energy_optimizer/plan/subscribe", "language": "en"}


async def test_every_band_can_be_reached_with_the_keyboard(dashboard: Dashboard, news_in: Callable[..., Any]) -> None:
    await dashboard.show(await news_in())
    page = dashboard.page
    await page.keyboard.press("Tab")
    assert "Storing the surplus" in await dashboard.text(".detail")
    await page.keyboard.press("ArrowRight")
    assert "Hold" in await dashboard.text(".what")
    assert "Holding: 0.59" in await dashboard.text(".detail p")
    label = await page.locator("button").nth(1).get_attribute("aria-label")
    assert re.search(r"\d.*–\d.* Hold\. Holding: 0\.59 .* is worth more than 0\.27 now\.$", label)
    assert await page.locator("button[aria-pressed=true]").count() == 1
    await dashboard.tell(await news_in())
    assert "Hold" in await dashboard.text(".what"), "a new plan takes the focus away"
    assert "Hold" in await page.locator("svg").get_attribute("aria-label")


async def test_what_is_pointed_at_is_told(dashboard: Dashboard, news_in: Callable[..., Any]) -> None:
    await dashboard.show(await news_in())
    page = dashboard.page
    box = await page.locator("svg").bounding_box()
    await page.mouse.move(box["x"] + box["width"] * 0.24, box["y"] + 60)
    assert "$0.59/kWh" in await dashboard.text(".figures")
    assert await page.locator(".cursor").get_attribute("x1") != "46"
    await page.mouse.move(box["x"] + 5, box["y"] - 150)
    assert "Planned now" in await dashboard.text(".figures")
    assert "until" in await dashboard.text(".what")


async def test_a_finger_chooses_a_band(dashboard: Dashboard, news_in: Callable[..., Any]) -> None:
    await dashboard.page.set_viewport_size({"width": 390, "height": 800})
    await dashboard.show(await news_in())
    await dashboard.page.locator("button.charge").click()
    assert "Charge · 3.3 kW" in await dashboard.text(".what")
    assert await dashboard.page.evaluate("document.documentElement.scrollWidth") <= 390


async def test_language_numbers_and_times_are_the_users(dashboard: Dashboard, news_in: Callable[..., Any]) -> None:
    await dashboard.show(await news_in("fr"), language="fr")
    text = await dashboard.text()
    assert "Plan de la batterie Autoconsommation jusqu’à" in text
    assert "Stockage du surplus : 0,42" in text
    assert re.search(r"Achat 0,30 \$US/kWh", text)
    assert re.search(r"jusqu’à \d\d:\d\d ", text)
    locale = {"number_format": "decimal_comma", "time_format": "24", "time_zone": "server"}
    await dashboard.show(await news_in(), locale=locale)
    text = await dashboard.text()
    assert re.search(r"until \d\d:\d\d ", text)
    assert "0,30" in text


async def test_why_there_is_no_plan_to_draw(dashboard: Dashboard, news_in: Callable[..., Any]) -> None:
    told = set()
    for reason in WhyNot:
        await dashboard.show(await news_in(why_not=reason.value, steps={}, stretches=[], made_at=None))
        told.add((await dashboard.text()).removeprefix("Battery plan No plan: "))
    assert len(told) == len(WhyNot)
    assert "The home has no tariff" in told
    assert await dashboard.page.locator("[role=status]").count() == 1
    old = (datetime.now(UTC) - timedelta(minutes=16)).timestamp()
    await dashboard.show(await news_in(made_at=old))
    assert "No plan: the last one is too old" in await dashboard.text()


async def test_unknown_prices_leave_a_gap(dashboard: Dashboard, news_in: Callable[..., Any]) -> None:
    news = await news_in(origin=Origin.GREEDY.value, forecasts=None)
    count = len(news["steps"]["start"])
    news["steps"]["import_price"] = [None if 10 < n < 20 else 0.3 for n in range(count)]
    news["steps"]["export_price"] = [None] * count
    await dashboard.show(news)
    page = dashboard.page
    assert (await page.locator("path.line.import_price").get_attribute("d")).count("M") == 2
    assert await page.locator("path.line.export_price").get_attribute("d") == ""
    text = await dashboard.text()
    assert "Selling –" in text
    assert "Made by simple rules" in text


async def test_it_asks_again_after_a_failure_and_a_lost_connection(
    dashboard: Dashboard, news_in: Callable[..., Any]
) -> None:
    await dashboard.show(None)
    page = dashboard.page
    assert "Asking for the plan" in await dashboard.text()
    await page.evaluate("connection.fails = 'Home was not found'; connection.ready()")
    await page.get_by_text("Home was not found").wait_for()
    await page.evaluate("connection.fails = null; connection.ready()")
    await page.wait_for_function("asked.filter(each => each.type).length === 3")
    await dashboard.tell(await news_in())
    assert "Self-consumption" in await dashboard.text()
    await page.evaluate("card.remove()")
    assert await page.evaluate("asked.at(-1)") == "left"


async def test_its_settings(dashboard: Dashboard, news_in: Callable[..., Any]) -> None:
    await dashboard.show(await news_in(), config={"device_id": "abc", "title": "", "hours": 12})
    page = dashboard.page
    assert await page.evaluate("asked[0].device_id") == "abc"
    assert (await dashboard.text()).startswith("Self-consumption")
    assert await page.locator("button").count() < 8
    form = await page.evaluate(
        "(() => { const form = card.constructor.getConfigForm();"
        " return form.schema.map(field => [field.name, form.computeLabel(field)]); })()"
    )
    assert form == [["device_id", "Powerwall or home"], ["title", "Title"], ["hours", "Hours ahead"]]
    assert await page.evaluate("window.customCards.map(each => each.type)") == ["energy-optimizer-plan-card"]
    wrong = "try { card.setConfig({ hours: 'many' }); '' } catch (error) { error.message }"
    assert "hours" in await page.evaluate(wrong)
    await page.evaluate("card.setConfig({ title: '<img src=x onerror=alert(1)>' })")
    assert "<img" in await dashboard.text("h2")
    assert await page.locator("img").count() == 0
    await page.evaluate("card.setConfig({ entity: 'sensor.powerwall_decision' })")
    await page.wait_for_function("asked.at(-1).entity_id === 'sensor.powerwall_decision'")
