"""The home's options: connection and forecasts, where its ledger is kept, whether it is whole, and a copy of it."""

from asyncio import Task
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal, override

import probatio
from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult
from homeassistant.helpers.selector import (
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
from homeassistant.util import dt as dt_util

from ..const import CONF_DATABASE_PASSWORD, CONF_DATABASE_URL, DOMAIN
from ..coordinators.runtime import HomeConfigEntry
from ..storage.ledger import CheckReport, HomeLedger, LedgerUnavailableError
from ..storage.ledger.address import AddressError, DatabaseAddress
from ..storage.ledger.database import opened, probe
from ..storage.ledger.errors import LedgerError
from ..storage.ledger.export import export_folder
from ..storage.ledger.shared import address_of, default_address
from ..storage.ledger.transfer import copy_home, has_rows
from .ledger_words import check_text
from .options_connection import ConnectionSteps
from .options_forecasts import ForecastSteps

FILE: Final = "file"
SERVER: Final = "server"
_FIELDS: Final = {"refused": CONF_DATABASE_PASSWORD}


def _choice(key: str, options: list[str]) -> SelectSelector:
    return SelectSelector(
        SelectSelectorConfig(options=options, translation_key=key, mode=SelectSelectorMode.LIST, multiple=False)
    )


_DATABASE_FORM: Final = probatio.Schema(
    {
        probatio.Required("where"): _choice("ledger_where", [FILE, SERVER]),
        probatio.Optional(CONF_DATABASE_URL): TextSelector(),
        probatio.Optional(CONF_DATABASE_PASSWORD): TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD)),
    }
)
_OLD_ROWS_FORM: Final = probatio.Schema(
    {probatio.Required("old_rows", default="copy"): _choice("ledger_old_rows", ["copy", "anew"])}
)
_EXPORT_FORM: Final = probatio.Schema(
    {probatio.Required("format", default="csv"): _choice("ledger_format", ["csv", "json"])}
)


class HomeOptionsFlow(ConnectionSteps, ForecastSteps):
    """Shows one menu; whatever takes long runs while a dialog says so."""

    config_entry: HomeConfigEntry
    _wanted: DatabaseAddress
    _job: Task[Any] | None = None
    _form: Literal["csv", "json"] = "csv"
    _failure = ""
    _report: CheckReport
    _folder: Path

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Offer what there is."""
        if self.config_entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="not_loaded")
        return self.async_show_menu(
            step_id="init", menu_options=["connection", "forecasts", "database", "check", "export"]
        )

    async def async_step_database(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask where the ledger is to be kept, and see that it can be."""
        errors: dict[str, str] = {}
        detail = ""
        if user_input is not None:
            try:
                self._wanted = self._read_address(user_input)
                await self.hass.async_add_executor_job(probe, self._wanted)
            except AddressError:
                errors = {CONF_DATABASE_URL: "url_not_usable"}
            except LedgerError as err:
                on_server = user_input["where"] == SERVER
                field = _FIELDS.get(err.trouble, CONF_DATABASE_URL) if on_server else "where"
                errors, detail = {field: f"ledger_{err.trouble}"}, err.detail
            else:
                return await self._after_database()
        present = address_of(self.hass, self.config_entry)
        shown = {"where": FILE if present.file else SERVER}
        if not present.file:
            shown[CONF_DATABASE_URL] = present.url
        if user_input is not None:
            shown = {name: value for name, value in user_input.items() if name != CONF_DATABASE_PASSWORD}
            if errors.get(CONF_DATABASE_URL) != "url_not_usable" and user_input["where"] == SERVER:
                shown[CONF_DATABASE_URL] = self._wanted.url  # a password that was typed into it is not shown again
        return self.async_show_form(
            step_id="database",
            data_schema=self.add_suggested_values_to_schema(_DATABASE_FORM, shown),
            errors=errors,
            description_placeholders={
                "detail": detail,
                "postgresql": "postgresql://user@host:5432/database",
                "mariadb": "mariadb://user@host:3306/database",
            },
        )

    def _read_address(self, user_input: dict[str, Any]) -> DatabaseAddress:
        """Return what was entered; without a password, the present one of the same server counts.

        Raises:
            AddressError: if the address is of no use.
        """
        if user_input["where"] == FILE:
            return default_address(self.hass)
        wanted = DatabaseAddress.of_server(
            user_input.get(CONF_DATABASE_URL, ""), user_input.get(CONF_DATABASE_PASSWORD, "")
        )
        present = address_of(self.hass, self.config_entry)
        return present if not wanted.password and wanted.url == present.url else wanted

    async def _after_database(self) -> ConfigFlowResult:
        present = address_of(self.hass, self.config_entry)
        if self._wanted == present:
            return self._save()
        if self._wanted.url != present.url and await self._has_old_rows(present):
            return await self.async_step_old_rows()
        return self._save()

    async def _has_old_rows(self, present: DatabaseAddress) -> bool:
        """Tell whether there is anything to take over; a database that does not answer has nothing to give."""

        def look() -> bool:
            with opened(present) as connection:
                return has_rows(connection, self.config_entry.entry_id)

        try:
            await self._ledger.flush()
            return await self.hass.async_add_executor_job(look)
        except LedgerUnavailableError, LedgerError:
            return False

    async def async_step_old_rows(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask whether what is known so far is taken along."""
        if user_input is None:
            return self.async_show_form(step_id="old_rows", data_schema=_OLD_ROWS_FORM)
        return await self.async_step_copy() if user_input["old_rows"] == "copy" else self._save()

    async def async_step_copy(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Copy the rows into the other database."""
        present = address_of(self.hass, self.config_entry)
        job = partial(_copy, present, self._wanted, self.config_entry.entry_id)
        return await self._run("copy", "copied", self._copy(job))

    async def _copy(self, job: Callable[[], None]) -> None:
        await self._ledger.flush()
        await self.hass.async_add_executor_job(job)

    async def async_step_copied(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Change over to the other database."""
        return self._save()

    async def async_step_check(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Check the ledger."""
        return await self._run("check", "check_result", self._check())

    async def _check(self) -> None:
        self._report = await self._ledger.check()

    async def async_step_check_result(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Say in words what the check found."""
        if user_input is not None:
            return await self.async_step_init()
        report = await check_text(self.hass, self._report)
        return self.async_show_form(step_id="check_result", description_placeholders={"report": report})

    async def async_step_export(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the format."""
        if user_input is None:
            return self.async_show_form(step_id="export", data_schema=_EXPORT_FORM)
        self._form = user_input["format"]
        return await self.async_step_exporting()

    async def async_step_exporting(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Write the files."""
        return await self._run("exporting", "exported", self._export())

    async def _export(self) -> None:
        folder = export_folder(Path(self.hass.config.path(DOMAIN)), dt_util.utcnow())
        self._folder = await self._ledger.export(folder, self._form)

    async def async_step_exported(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Say where the files are."""
        if user_input is not None:
            return await self.async_step_init()
        return self.async_show_form(step_id="exported", description_placeholders={"path": str(self._folder)})

    async def async_step_failed(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Say why it did not work; nothing was changed."""
        if user_input is not None:
            return await self.async_step_init()
        return self.async_show_form(step_id="failed", description_placeholders={"detail": self._failure})

    async def _run(self, step: str, then: str, work: Coroutine[Any, Any, None]) -> ConfigFlowResult:
        """Show that *work* goes on, and what comes *then*."""
        if self._job is None:
            self._job = self.hass.async_create_task(work, f"ledger: {step}", eager_start=False)
        else:
            work.close()
        if not self._job.done():
            return self.async_show_progress(step_id=step, progress_action=step, progress_task=self._job)
        job, self._job = self._job, None
        try:
            job.result()
        except (LedgerUnavailableError, LedgerError, OSError) as err:
            self._failure = str(err)
            then = "failed"
        return self.async_show_progress_done(next_step_id=then)

    def _save(self) -> ConfigFlowResult:
        options = {
            name: value
            for name, value in self.config_entry.options.items()
            if name not in (CONF_DATABASE_URL, CONF_DATABASE_PASSWORD)
        }
        if self._wanted.file is None:
            options |= {CONF_DATABASE_URL: self._wanted.url, CONF_DATABASE_PASSWORD: self._wanted.password}
        return self.async_create_entry(data=options)

    @property
    def _ledger(self) -> HomeLedger:
        return self.config_entry.runtime_data.ledger

    @override
    def async_remove(self) -> None:
        if self._job is not None:
            self._job.cancel()


def _copy(source: DatabaseAddress, target: DatabaseAddress, home: str) -> None:
    with opened(source) as here, opened(target) as there:
        copy_home(here, there, home)
