"""The forms of an Amber tariff, and the words about what Amber answered."""

from collections.abc import Iterable
from typing import Final

import probatio
from homeassistant.const import CONF_NAME, CONF_TOKEN
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)

from ..api.errors import CertificateError, CoolingDownError, NonsenseError, NotPermittedError, RefusedError, SourceError
from ..api.tariff.amber_answers import AmberSite, SiteStatus
from .tariff_terms import terms_fields
from .tariff_words import Words

CONF_SITE: Final = "site_id"
CONF_SERVER: Final = "server"
ADVANCED: Final = "advanced"
DEVELOPERS_PAGE: Final = "https://app.amber.com.au/developers"
SECRET: Final = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off"))
_ADDRESS: Final = TextSelector(TextSelectorConfig(type=TextSelectorType.URL))


def amber_form(currency: str, *, has_token: bool) -> probatio.Schema:
    """Ask for a name and the token, and, folded away, for charges and the server."""
    mark = probatio.Optional if has_token else probatio.Required
    return probatio.Schema(
        {
            probatio.Optional(CONF_NAME): TextSelector(),
            mark(CONF_TOKEN): SECRET,
            **terms_fields(currency),
            probatio.Required(ADVANCED): section(
                probatio.Schema({probatio.Optional(CONF_SERVER): _ADDRESS}), {"collapsed": True}
            ),
        }
    )


def site_form(sites: Iterable[AmberSite], words: Words) -> probatio.Schema:
    """Ask which of several sites this home is."""
    options = [SelectOptionDict(value=site.site_id, label=site_name(site, words)) for site in sites]
    return probatio.Schema(
        {
            probatio.Required(CONF_SITE): SelectSelector(
                SelectSelectorConfig(options=options, mode=SelectSelectorMode.LIST)
            )
        }
    )


def site_name(site: AmberSite, words: Words) -> str:
    """Name a site by its meter number, and say if Amber does not supply it."""
    name = f"{site.nmi} · {site.network}" if site.network else site.nmi
    match site.status:
        case SiteStatus.PENDING if site.since is not None:
            return words("amber_pending_from", site=name, date=site.since.isoformat())
        case SiteStatus.PENDING:
            return words("amber_pending", site=name)
        case SiteStatus.CLOSED if site.until is not None:
            return words("amber_closed_on", site=name, date=site.until.isoformat())
        case SiteStatus.CLOSED:
            return words("amber_closed", site=name)
        case _:
            return name


def amber_error(err: SourceError) -> str:
    """Return the key of the words about what Amber answered."""
    match err:
        case RefusedError():
            return "amber_refused"
        case NotPermittedError():
            return "amber_other_site"
        case CoolingDownError():
            return "amber_busy"
        case CertificateError():
            return "amber_certificate"
        case NonsenseError():
            return "amber_nonsense"
        case _:
            return "amber_unreachable"
