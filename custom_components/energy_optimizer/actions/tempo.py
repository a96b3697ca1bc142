"""Tells the user when RTE and the public colour API name different colours for a day."""

from homeassistant.core import callback
from homeassistant.helpers import issue_registry as ir

from ..api.tariff.tempo import TempoFacts
from ..const import DOMAIN
from ..coordinators.tariff import TariffCoordinator
from ..core.tariffs.tempo import COLOUR_NAMES
from ..core.tariffs.tempo_rules import dearest


@callback
def watch_colours(tariff: TariffCoordinator) -> None:
    """Keep a repair as long as the sources disagree about today or tomorrow, and say what is counted with."""

    @callback
    def look() -> None:
        facts = tariff.data.facts if tariff.data is not None else None
        if not isinstance(facts, TempoFacts) or not facts.disagreements:
            forget_colours(tariff)
            return
        first = facts.disagreements[0]
        ir.async_create_issue(
            tariff.hass,
            DOMAIN,
            _issue_id(tariff),
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key="tempo_sources_disagree",
            translation_placeholders={
                "name": tariff.title,
                "date": first.day.isoformat(),
                "rte": COLOUR_NAMES[first.rte],
                "colour_api": COLOUR_NAMES[first.colour_api],
                "counted": COLOUR_NAMES[dearest((first.rte, first.colour_api))],
            },
        )

    tariff.async_add_listener(look)
    look()


@callback
def forget_colours(tariff: TariffCoordinator) -> None:
    """Take back the repair of a tariff that goes or whose sources agree."""
    ir.async_delete_issue(tariff.hass, DOMAIN, _issue_id(tariff))


def _issue_id(tariff: TariffCoordinator) -> str:
    return f"tempo_sources_disagree_{tariff.subentry_id}"
