"""Entering a Tempo tariff: prices, what exports earn, and who tells the colours."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import SubentryFlowResult
from homeassistant.const import CONF_NAME
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.util import dt as dt_util

from ..api.errors import SourceError
from ..api.tariff.colour_api import COLOUR_API_SERVER, ColourApi
from ..api.tariff.tempo_settings import (
    CONF_CLIENT_ID,
    CONF_CLIENT_SECRET,
    CONF_EXPORT,
    CONF_OWN_PRICES,
    CONF_RTE_SERVER,
    CONF_SERVER,
    own_prices,
    rte_client,
)
from ..core.tariffs.kinds import KIND_TEMPO
from ..core.tariffs.serialisation import FORMAT
from ..core.tariffs.tempo_prices import PUBLISHED, TempoPrices, prices_on, with_own
from ..core.tariffs.tempo_rules import PARIS, tempo_day
from .numbers import number_errors
from .server_address import server_error
from .tariff_base import TariffSteps
from .tariff_rows import EXPORT_PRICE
from .tariff_terms import TERMS, read_terms, shown_terms
from .tempo_form import ADVANCED, PRICES, RTE, rte_error, tempo_form


class TempoSteps(TariffSteps):
    """One form; credentials are tried before anything is saved."""

    async def async_step_tempo(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for prices and for who tells the colours."""
        present = self._present_data(KIND_TEMPO)
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = _form_errors(user_input, present)
            if not errors:
                data = _to_data(user_input, present)
                errors = await self._try_sources(data)
                if not errors:
                    return self._finish(user_input.get(CONF_NAME, "").strip() or self._told_apart("EDF Tempo"), data)
        shown = user_input or self._suggested(present)
        in_force = _prices_in_force(present)
        return self.async_show_form(
            step_id=KIND_TEMPO,
            data_schema=self.add_suggested_values_to_schema(
                tempo_form(self.currency, has_login=CONF_CLIENT_ID in present), shown
            ),
            errors=errors,
            description_placeholders={
                "since": in_force.since.isoformat(),
                "site": "https://data.rte-france.com",
                "currency": self.currency,
            },
        )

    async def _try_sources(self, data: Mapping[str, Any]) -> dict[str, str]:
        """Ask both for today's colour; without an answer of the colour API, one of RTE will do."""
        session = async_get_clientsession(self.hass)
        today = tempo_day(dt_util.utcnow())
        rte = rte_client(session, data)
        if rte is not None:
            try:
                await rte.colours({today})
            except SourceError as err:
                return {RTE: rte_error(err)}
            return {}
        try:
            await ColourApi(session, data.get(CONF_SERVER) or COLOUR_API_SERVER).colours({today})
        except SourceError:
            return {ADVANCED if CONF_SERVER in data else "base": "no_colours"}
        return {}

    def _suggested(self, present: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the form is filled with; a stored secret is not shown."""
        is_new = not present
        name = self._told_apart("EDF Tempo") if is_new else self._get_reconfigure_subentry().title
        shown = {
            CONF_NAME: name,
            PRICES: _prices_in_force(present).to_data(),
            TERMS: shown_terms(present.get(TERMS)),
            RTE: {key: present[key] for key in (CONF_CLIENT_ID,) if key in present},
            ADVANCED: {key: present[key] for key in (CONF_SERVER, CONF_RTE_SERVER) if key in present},
        }
        if (export := present.get(CONF_EXPORT)) is not None:
            shown[EXPORT_PRICE] = export
        return shown


def _form_errors(user_input: Mapping[str, Any], present: Mapping[str, Any]) -> dict[str, str]:
    errors = number_errors(user_input)
    if any(server_error(address) for address in user_input[ADVANCED].values()):
        errors[ADVANCED] = "server_not_safe"
    login = user_input[RTE]
    has_id, has_secret = bool(login.get(CONF_CLIENT_ID)), bool(login.get(CONF_CLIENT_SECRET))
    if has_secret and not has_id:
        errors[RTE] = "rte_id_missing"
    elif has_id and not has_secret and login[CONF_CLIENT_ID].strip() != present.get(CONF_CLIENT_ID):
        errors[RTE] = "rte_secret_missing"
    return errors


def _to_data(user_input: Mapping[str, Any], present: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings; what was left empty is not in them."""
    login, servers = user_input[RTE], user_input[ADVANCED]
    data: dict[str, Any] = {
        "format": FORMAT,
        "kind": KIND_TEMPO,
        CONF_OWN_PRICES: _merged_prices(TempoPrices.from_data(user_input[PRICES]), present),
        CONF_EXPORT: user_input.get(EXPORT_PRICE),
        TERMS: read_terms(user_input),
    }
    if client_id := login.get(CONF_CLIENT_ID, "").strip():
        data[CONF_CLIENT_ID] = client_id
        data[CONF_CLIENT_SECRET] = login.get(CONF_CLIENT_SECRET, "").strip() or present[CONF_CLIENT_SECRET]
    data |= {key: servers[key].strip() for key in (CONF_SERVER, CONF_RTE_SERVER) if servers.get(key, "").strip()}
    return data


def _merged_prices(typed: TempoPrices, present: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the user's own prices, with earlier ones for the bills of their time and without published ones."""
    own = {prices.since: prices for prices in own_prices(present)} | {typed.since: typed}
    published = {prices.since: prices.per_kwh for prices in PUBLISHED}
    return [own[since].to_data() for since in sorted(own) if own[since].per_kwh != published.get(since)]


def _prices_in_force(present: Mapping[str, Any]) -> TempoPrices:
    """Return the prices of today; those of the first known date if the clock is set before it."""
    try:
        periods = with_own(own_prices(present))
    except KeyError, TypeError, ValueError:
        periods = PUBLISHED
    return prices_on(dt_util.utcnow().astimezone(PARIS).date(), periods) or periods[0]
