"""What the pictures show and how to get there."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from custom_components.energy_optimizer.const import DOMAIN
from custom_components.energy_optimizer.services_bill import GET_BILL

from ..client import Client
from ..dashboard import URL_PATH
from ..furnish import our_entities
from .browser import HEIGHT, WIDTH, Visitor

SECOND_HOME = "Holiday home"
ADD_HOME = "Add home"
CHANGE_TARIFF = "Change tariff"
WHICH_WAY = "How is the Powerwall reached?"
PERFORM = "Perform action"
FAR_DOWN = 10_000
CHOSEN_ACTION = "panel-dev-action-state-service-data"
INTEGRATION = f"/config/integrations/integration/{DOMAIN}"


@dataclass(kw_only=True, slots=True)
class Walk:
    """A guest with somebody who knows the house."""

    client: Client
    guest: Visitor

    async def device_of(self, key: str) -> str:
        """Return the device whose entity shows *key*."""
        return next(
            str(each["device_id"]) for each in await our_entities(self.client) if each["translation_key"] == key
        )


async def _overview(walk: Walk) -> None:
    await walk.guest.go(f"/{URL_PATH}")


async def _powerwall(walk: Walk) -> None:
    await walk.guest.go(f"/config/devices/device/{await walk.device_of('home_power')}")


async def _tariff(walk: Walk) -> None:
    await walk.guest.go(f"/config/devices/device/{await walk.device_of('cost_today')}")


async def _energy_day(walk: Walk) -> None:
    """Show yesterday, which is whole."""
    await walk.guest.go("/energy/electricity")
    await walk.guest.page.get_by_label("Previous").first.click()
    await walk.guest.page.mouse.move(0, 0)
    await walk.guest.settle()


async def _energy_now(walk: Walk) -> None:
    await walk.guest.go("/energy/now")


async def _integration(walk: Walk) -> None:
    await walk.guest.go(INTEGRATION)


async def _tariff_dialog(walk: Walk) -> None:
    await walk.guest.go(INTEGRATION)
    await walk.guest.page.get_by_label(CHANGE_TARIFF).first.click()
    await walk.guest.settle()


async def _add_powerwall(walk: Walk) -> None:
    """Add a second home, since the first has its Powerwall, and follow the dialog to where it asks for one."""
    page = walk.guest.page
    await walk.guest.go(INTEGRATION)
    await page.get_by_text(ADD_HOME, exact=True).click()
    await page.locator("step-flow-form input").filter(visible=True).first.fill(SECOND_HOME)
    await page.get_by_text("Submit").click()
    await page.get_by_text(WHICH_WAY).wait_for()
    await walk.guest.settle()


async def _calendar(walk: Walk) -> None:
    await walk.guest.go("/calendar")


async def _bill(walk: Walk) -> None:
    """Ask for the month's bill in the developer tools, which remember there what was chosen last."""
    page = walk.guest.page
    chosen = {"action": f"{DOMAIN}.{GET_BILL}", "data": {"period": "month"}}
    await walk.guest.go(f"/{URL_PATH}")
    await page.evaluate("([key, chosen]) => localStorage.setItem(key, chosen)", [CHOSEN_ACTION, json.dumps(chosen)])
    await walk.guest.go("/config/developer-tools/action")
    await page.get_by_role("button", name=PERFORM).click()
    await walk.guest.settle()
    await page.mouse.move(WIDTH / 2, HEIGHT / 2)
    await page.mouse.wheel(0, FAR_DOWN)
    await walk.guest.settle()


SHOTS: Mapping[str, Callable[[Walk], Awaitable[None]]] = {
    "overview": _overview,
    "powerwall": _powerwall,
    "tariff": _tariff,
    "energy-day": _energy_day,
    "energy-now": _energy_now,
    "integration": _integration,
    "tariff-dialog": _tariff_dialog,
    "add-powerwall": _add_powerwall,
}


SHOTS_BY_COUNTRY: Mapping[str, Mapping[str, Callable[[Walk], Awaitable[None]]]] = {
    "fr": {"tempo": _tariff, "tempo-calendar": _calendar},
    "au": {"amber": _tariff, "amber-day": _overview},
    "us": {"net-billing": _tariff, "net-billing-bill": _bill},
}


async def tidy_up(client: Client) -> None:
    """Remove the second home, so that the next walk finds all as this one did."""
    for entry in await client.ask("config_entries/get", domain=DOMAIN):
        if entry["title"] == SECOND_HOME:
            await client.remove(f"entry/{entry['entry_id']}")
