"""Entering an Amber tariff: the token, the site, and what the contract costs beside energy."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import SubentryFlowResult
from homeassistant.const import CONF_NAME, CONF_TOKEN

from ..api.errors import SourceError
from ..api.tariff.amber_answers import AmberSite, SiteStatus
from ..api.tariff.amber_client import AmberClient
from ..core.tariffs.kinds import KIND_AMBER
from ..core.tariffs.serialisation import FORMAT
from .amber_form import (
    ADVANCED,
    CONF_SERVER,
    CONF_SITE,
    DEVELOPERS_PAGE,
    amber_error,
    amber_form,
    site_form,
    site_name,
)
from .numbers import number_errors
from .server_address import server_error
from .tariff_base import TariffSteps
from .tariff_terms import TERMS, read_terms, shown_terms


class AmberSteps(TariffSteps):
    """One form, and a second one for an account with several sites; both are tried before anything is saved."""

    _amber_name: str
    _amber_data: dict[str, Any]
    """What was entered, without the site."""
    _amber_sites: tuple[AmberSite, ...]

    async def async_step_amber(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the token, and find the sites it opens."""
        present = self._present_data(KIND_AMBER)
        errors: dict[str, str] = {}
        listed = ""
        if user_input is not None:
            errors = _form_errors(user_input, present)
            if not errors:
                self._amber_name = user_input.get(CONF_NAME, "").strip() or self._told_apart("Amber")
                self._amber_data = _to_data(user_input, present)
                errors = await self._find_amber_sites()
                listed = ", ".join(site_name(site, self.words) for site in self._amber_sites)
            if not errors and len(self._amber_sites) > 1:
                return await self.async_step_amber_site()
            if not errors:
                (site,) = self._amber_sites
                errors = {CONF_TOKEN: problem} if (problem := await self._try_amber_site(site)) else {}
            if not errors:
                return self._finish(self._amber_name, self._amber_data)
        return self.async_show_form(
            step_id=KIND_AMBER,
            data_schema=self.add_suggested_values_to_schema(
                amber_form(self.currency, has_token=CONF_TOKEN in present), user_input or self._amber_suggested(present)
            ),
            errors=errors,
            description_placeholders={"site": DEVELOPERS_PAGE, "currency": self.currency, "sites": listed},
        )

    async def async_step_amber_site(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask which of the account's sites this home is."""
        errors: dict[str, str] = {}
        if user_input is not None:
            site = next(each for each in self._amber_sites if each.site_id == user_input[CONF_SITE])
            problem = await self._try_amber_site(site)
            if problem is None:
                return self._finish(self._amber_name, self._amber_data)
            errors = {CONF_SITE: problem}
        shown = user_input or {CONF_SITE: self._present_data(KIND_AMBER).get(CONF_SITE, self._amber_sites[0].site_id)}
        return self.async_show_form(
            step_id="amber_site",
            data_schema=self.add_suggested_values_to_schema(site_form(self._amber_sites, self.words), shown),
            errors=errors,
        )

    async def _find_amber_sites(self) -> dict[str, str]:
        """Ask for the sites, and return what is wrong with them or with the way to them."""
        self._amber_sites = ()
        client = self._amber_client()
        try:
            self._amber_sites = await client.sites()
        except SourceError as err:
            return _placed(amber_error(err), self._amber_data)
        finally:
            await client.close()
        if not self._amber_sites:
            return {CONF_TOKEN: "amber_no_site"}
        if all(site.status is SiteStatus.CLOSED for site in self._amber_sites):
            return {CONF_TOKEN: "amber_all_closed"}
        return {}

    async def _try_amber_site(self, site: AmberSite) -> str | None:
        """Choose a site if it has prices; return what is wrong otherwise."""
        if site.status is SiteStatus.CLOSED:
            return "amber_site_closed"
        client = self._amber_client()
        try:
            answer = await client.prices(site.site_id)
        except SourceError as err:
            return amber_error(err)
        finally:
            await client.close()
        if not answer.intervals:
            return "amber_site_pending" if site.status is SiteStatus.PENDING else "amber_no_prices"
        self._amber_data[CONF_SITE] = site.site_id
        return None

    def _amber_client(self) -> AmberClient:
        return AmberClient(self.hass, self._amber_data[CONF_TOKEN], self._amber_data.get(CONF_SERVER))

    def _amber_suggested(self, present: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the form is filled with; the stored token is not shown."""
        name = self._get_reconfigure_subentry().title if present else self._told_apart("Amber")
        return {
            CONF_NAME: name,
            TERMS: shown_terms(present.get(TERMS)),
            ADVANCED: {key: present[key] for key in (CONF_SERVER,) if key in present},
        }


def _form_errors(user_input: Mapping[str, Any], present: Mapping[str, Any]) -> dict[str, str]:
    errors = number_errors(user_input)
    if server_error(user_input[ADVANCED].get(CONF_SERVER, "")):
        errors[ADVANCED] = "server_not_safe"
    if not user_input.get(CONF_TOKEN, "").strip() and CONF_TOKEN not in present:
        errors[CONF_TOKEN] = "amber_token_missing"
    return errors


def _to_data(user_input: Mapping[str, Any], present: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings but for the site; what was left empty is not in them."""
    data: dict[str, Any] = {
        "format": FORMAT,
        "kind": KIND_AMBER,
        CONF_TOKEN: user_input.get(CONF_TOKEN, "").strip() or present[CONF_TOKEN],
        TERMS: read_terms(user_input),
    }
    if server := user_input[ADVANCED].get(CONF_SERVER, "").strip():
        data[CONF_SERVER] = server
    return data


def _placed(error: str, data: Mapping[str, Any]) -> dict[str, str]:
    """Show an error where it can be mended: at the token, at another server than Amber's, or above the form."""
    if error == "amber_refused":
        return {CONF_TOKEN: error}
    return {ADVANCED if CONF_SERVER in data else "base": error}
