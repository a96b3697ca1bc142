"""Homes by country: each with the tariff that its country is known for, signed in our dialog as a user would."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from custom_components.energy_optimizer.core.tariffs.kinds import KIND_AMBER, KIND_NET_BILLING, KIND_TEMPO
from tests.servers.amber import SITE, TOKEN, AmberServer, Site
from tests.servers.amber_market import AmberMarket
from tests.servers.colour_api import ColourApiServer
from tests.servers.tempo_year import TempoYear

from .dialogs import Dialog
from .places import PLACES, DemoPlace

type Clock = Callable[[], datetime]

WINTER: Final = 18
"""Which of all possible years of Tempo the French home lives through: one with red days early in the winter."""

MARKET: Final = 1
FORMER_SITE: Final = "01F5A5CRKMZ5BCX9P1S4V990AN"


class PriceServer(Protocol):
    """Somebody on this machine who publishes what a home's electricity costs."""

    port: int

    @property
    def base(self) -> str:
        """The address to enter in our dialog."""

    def start(self) -> None:
        """Listen at ``port``, or at any free one if that is 0.

        Raises:
            OSError: if another program listens there.
        """

    def stop(self) -> None:
        """Stop listening."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DemoCountry:
    """A country, the place of its home and the home's contract."""

    key: str
    name: str
    place: DemoPlace
    tariff: str
    """The contract in words."""
    sign: Callable[[Dialog, str], Awaitable[None]]
    """Goes through our dialog from its menu on; the second argument is the price server's address."""
    make_server: Callable[[int, Clock], PriceServer] | None = None
    """Makes who publishes the prices, at a port (0 for any) and by a clock; ``None`` if nobody has to."""
    past_at_once: timedelta | None = None
    """How much of the past is asked for at once; ``None`` to ask as often as one does live."""


def _place(key: str) -> DemoPlace:
    return next(place for place in PLACES if place.key == key)


async def _sign_tempo(dialog: Dialog, server: str) -> None:
    await dialog.pick(KIND_TEMPO)
    charges = dialog.suggestions()["terms"] | {"per_year": 236.40}
    await dialog.fill(KIND_TEMPO, {"export_price": 0.04, "terms": charges, "advanced": {"server": server}})


def _tempo_server(port: int, clock: Clock) -> PriceServer:
    return ColourApiServer(port=port, year=TempoYear(seed=WINTER, now=clock))


async def _sign_amber(dialog: Dialog, server: str) -> None:
    await dialog.pick(KIND_AMBER)
    charges = dialog.suggestions()["terms"] | {"per_day": 1.05, "per_month": 25.0}
    await dialog.fill(KIND_AMBER, {"token": TOKEN, "terms": charges, "advanced": {"server": server}})
    await dialog.fill("amber_site", {"site_id": SITE})


def _amber_server(port: int, clock: Clock) -> PriceServer:
    former = Site(id=FORMER_SITE, nmi="4102111111", network="Endeavour", status="closed", closed_on="2023-06-30")
    return AmberServer(port=port, market=AmberMarket(seed=MARKET, now=clock), sites=[Site(), former])


async def _sign_net_billing(dialog: Dialog, _server: str) -> None:
    await dialog.pick(KIND_NET_BILLING)
    await dialog.fill("net_billing", {"plan": "sce_tou_d_prime"})
    for step in ("net_billing_export", "net_billing_prices", "net_billing_billing"):
        await dialog.fill(step, {})


COUNTRIES: Final = (
    DemoCountry(
        key="fr",
        name="France",
        place=_place("paris"),
        tariff="EDF Tempo",
        sign=_sign_tempo,
        make_server=_tempo_server,
    ),
    DemoCountry(
        key="au",
        name="Australia",
        place=_place("sydney"),
        tariff="Amber",
        sign=_sign_amber,
        make_server=_amber_server,
        past_at_once=timedelta(hours=6),
    ),
    DemoCountry(
        key="us",
        name="California",
        place=_place("los_angeles"),
        tariff="net billing of Southern California Edison",
        sign=_sign_net_billing,
    ),
)
