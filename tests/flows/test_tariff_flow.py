"""Entering and changing a tariff through Home Assistant's own flow manager."""

from typing import Any

import pytest
from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER, ConfigSubentryData
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.energy_optimizer.const import SUBENTRY_TARIFF
from custom_components.energy_optimizer.core.tariffs.presets import DAY_NIGHT, PGE_E_ELEC, SDGE_EV_TOU_5
from tests.homes import FLAT, flat_tariff, home, set_up


class Dialog:
    """One dialog about a tariff, as a person walks through it."""

    def __init__(self, hass: HomeAssistant, result: Any) -> None:
        self.hass = hass
        self.result = result

    async def fill(self, step: str, values: dict[str, Any]) -> Any:
        """Submit the form of *step*."""
        assert (self.result["type"], self.result["step_id"]) == (FlowResultType.FORM, step)
        return await self._send(values)

    async def submit_as_shown(self, step: str, **changes: Any) -> Any:
        """Submit a form with what it suggests."""
        return await self.fill(step, {**self.shown, **changes})

    async def pick(self, option: str, *, menu: str = "summary") -> Any:
        """Choose from a menu."""
        assert (self.result["type"], self.result["step_id"]) == (FlowResultType.MENU, menu)
        assert option in self.result["menu_options"]
        return await self._send({"next_step_id": option})

    async def _send(self, values: dict[str, Any]) -> Any:
        manager = self.hass.config_entries.subentries
        self.result = await manager.async_configure(self.result["flow_id"], values)
        await self.hass.async_block_till_done()
        return self.result

    @property
    def shown(self) -> dict[str, Any]:
        """What the form's fields are filled with."""
        shown = {}
        for key in self.result["data_schema"].schema:
            if key.description and "suggested_value" in key.description:
                shown[str(key)] = key.description["suggested_value"]
            elif callable(key.default):
                shown[str(key)] = key.default()
        return shown

    @property
    def errors(self) -> dict[str, str]:
        return dict(self.result["errors"] or {})

    @property
    def placeholders(self) -> dict[str, str]:
        return dict(self.result["description_placeholders"] or {})


async def add(hass: HomeAssistant, entry: MockConfigEntry) -> Dialog:
    result = await hass.config_entries.subentries.async_init(
        (entry.entry_id, SUBENTRY_TARIFF), context={"source": SOURCE_USER}
    )
    dialog = Dialog(hass, result)
    if result["type"] is FlowResultType.MENU:
        await dialog.pick("start", menu="user")
    return dialog


async def change(hass: HomeAssistant, entry: MockConfigEntry) -> Dialog:
    (subentry_id,) = entry.subentries
    result = await hass.config_entries.subentries.async_init(
        (entry.entry_id, SUBENTRY_TARIFF), context={"source": SOURCE_RECONFIGURE, "subentry_id": subentry_id}
    )
    dialog = Dialog(hass, result)
    if result.get("step_id") == "reconfigure":
        await dialog.pick(result["menu_options"][0], menu="reconfigure")
    return dialog


def tariff_of(entry: MockConfigEntry) -> Any:
    (subentry,) = entry.subentries.values()
    return subentry


@pytest.fixture
async def entry(hass: HomeAssistant) -> MockConfigEntry:
    hass.config.country = "US"
    await hass.config.async_set_time_zone("America/Los_Angeles")
    return await set_up(hass, home())


def tariff(data: dict[str, Any], title: str = "Tariff") -> ConfigSubentryData:
    return ConfigSubentryData(data=data, subentry_type=SUBENTRY_TARIFF, title=title, unique_id=None)


async def test_flat(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    dialog = await add(hass, entry)
    await dialog.fill("start", {"name": " My power ", "start": "flat"})
    await dialog.fill("flat", {"import_price": 0.31})
    assert dialog.placeholders["name"] == "My power"
    assert "0.31" in dialog.placeholders["table"]
    assert "unknown" in dialog.placeholders["notes"]
    await dialog.pick("flat")
    await dialog.submit_as_shown("flat", export_price=0)
    assert dialog.placeholders["notes"] == ""
    result = await dialog.pick("save")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert tariff_of(entry).title == "My power"
    assert tariff_of(entry).data == {
        "format": 1,
        "kind": "flat",
        "tier": "Single price",
        "import_per_kwh": 0.31,
        "export_per_kwh": 0,
    }
    assert hass.states.get("sensor.my_power_import_price").state == "0.31"


@pytest.mark.parametrize("text", ["nan", "inf", "-Infinity", "1e999"])
async def test_a_price_is_a_number(hass: HomeAssistant, entry: MockConfigEntry, text: str) -> None:
    dialog = await add(hass, entry)
    await dialog.fill("start", {"start": "flat"})
    await dialog.fill("flat", {"import_price": text, "export_price": 0.05})
    assert dialog.errors == {"import_price": "number_needed"}
    assert dialog.shown["export_price"] == 0.05
    await dialog.fill("flat", {"import_price": 0.31, "export_price": text})
    assert dialog.errors == {"export_price": "number_needed"}


async def test_a_tariff_removed_while_its_dialog_is_open(hass: HomeAssistant) -> None:
    entry = await set_up(hass, home(flat_tariff()))
    dialog = await change(hass, entry)
    hass.config_entries.async_remove_subentry(entry, tariff_of(entry).subentry_id)
    result = await dialog.pick("save")
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "gone")


async def test_a_published_plan_with_export_prices_added(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    dialog = await add(hass, entry)
    await dialog.fill("start", {"start": "sdge_ev_tou_5"})
    assert "2026-08-01" in dialog.placeholders["source"]
    rows = dialog.shown["prices"]
    assert rows[0] == {"season": "Summer", "tier": "Peak", "import_price": 0.80205}
    await dialog.fill("prices", {"prices": [{**row, "export_price": 0.05} for row in rows]})
    assert dialog.placeholders["name"] == "SDG&E EV-TOU-5"
    table = dialog.placeholders["table"]
    assert "| Mon–Fri | Super off-peak | 00:00–06:00, 10:00–14:00 | 0.1309 | 0.05 |" in table
    assert "| Sat–Sun, Holidays | Super off-peak | 00:00–14:00 | 0.1309 | 0.05 |" in table
    assert "June 1 – October 31" in table
    await dialog.pick("save")
    saved = tariff_of(entry).data
    assert saved["windows"] == SDGE_EV_TOU_5.data()["windows"]
    assert saved["holidays"] == SDGE_EV_TOU_5.data()["holidays"]
    assert saved["prices"][0]["export_per_kwh"] == 0.05


async def test_from_scratch_with_two_seasons(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    dialog = await add(hass, entry)
    await dialog.fill("start", {"start": "blank"})
    assert dialog.shown["seasons"] == []
    seasons = [{"name": "Warm", "month": "May", "day": 15}, {"name": "Cold", "month": "October", "day": 1}]
    await dialog.fill("seasons", {"seasons": seasons, "holidays_differ": False})
    await dialog.fill(
        "prices",
        {
            "prices": [
                {"season": "Warm", "tier": "Peak", "import_price": 0.5, "export_price": 0.1},
                {"season": "Cold", "tier": "Peak", "import_price": 0.6},
                {"season": "Every season", "tier": "Low", "import_price": -0.01, "export_price": 0},
            ]
        },
    )
    assert dialog.errors == {}, "an empty form is no mistake yet"
    assert dialog.shown == {"windows": [], "rest_tier": "Low"}, "the cheapest tier fills what no row covers"
    await dialog.fill(
        "hours",
        {
            "windows": [
                {"tier": "Peak", "hours": "7-9am, 17:30 – 21h", "season": "Cold", "days": ["Mon–Fri"]},
                {"tier": "Peak", "hours": "5pm-9pm", "season": "Warm"},
            ],
            "rest_tier": "Low",
        },
    )
    table = dialog.placeholders["table"]
    assert "**Warm** (May 15 – September 30)" in table
    assert "**Cold** (October 1 – May 14)" in table
    assert "| Peak | 07:00–09:00, 17:30–21:00 | 0.6 | unknown |" in table
    await dialog.pick("save")
    assert tariff_of(entry).title == "Electricity tariff"
    assert tariff_of(entry).data["holidays"] is None


async def test_shapes_ask_for_prices_and_keep_what_was_typed(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    dialog = await add(hass, entry)
    await dialog.fill("start", {"start": "day_night"})
    rows = [{"tier": "Day", "import_price": 0.3}, {"tier": "Night"}]
    await dialog.fill("prices", {"prices": rows})
    assert dialog.errors == {"prices": "price_missing"}
    assert dialog.placeholders["row"] == "2"
    assert dialog.placeholders["tier"] == "Night"
    assert dialog.shown["prices"] == rows
    rows[1]["import_price"] = 0.15
    await dialog.fill("prices", {"prices": rows})
    assert "| Every day | Night | 00:00–06:00, 22:00–24:00 | 0.15 | unknown |" in dialog.placeholders["table"]


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ({"tier": " ", "import_price": 1}, "tier_unnamed"),
        ({"tier": "Day", "import_price": 0.2}, "two_prices"),
        ({"tier": "none, my rows cover every hour", "import_price": 0.2}, "name_reserved"),
        ({"tier": "Night", "import_price": "nan"}, "price_no_number"),
        ({"tier": "Night", "import_price": 0.2, "export_price": "-inf"}, "price_no_number"),
    ],
)
async def test_price_rows_that_cannot_be(
    hass: HomeAssistant, entry: MockConfigEntry, row: dict[str, Any], error: str
) -> None:
    dialog = await add(hass, entry)
    await dialog.fill("start", {"start": "day_night"})
    rows = [{"tier": "Day", "import_price": 0.3}, row]
    await dialog.fill("prices", {"prices": rows})
    assert dialog.errors == {"prices": error}
    assert dialog.placeholders["row"] == "2"
    assert dialog.shown["prices"] == rows


async def test_prices_without_rows(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    dialog = await add(hass, entry)
    await dialog.fill("start", {"start": "day_night"})
    await dialog.fill("prices", {"prices": []})
    assert dialog.errors == {"prices": "no_tiers"}


@pytest.mark.parametrize(
    ("rows", "error", "placeholders"),
    [
        ([{"name": "", "month": "May", "day": 1}], "season_unnamed", {"row": "1"}),
        ([{"name": "A", "month": "February", "day": 30}], "no_such_day", {"day": "30", "month": "February"}),
        ([{"name": "A", "month": "May", "day": "nan"}], "no_such_day", {"day": "nan", "month": "May"}),
        ([{"name": "A", "month": "May", "day": 1.5}], "no_such_day", {"day": "1.5", "month": "May"}),
        ([{"name": " Every season", "month": "May", "day": 1}], "name_reserved", {"row": "1", "name": "Every season"}),
        ([{"name": "Summer", "month": "June", "day": 1}], "one_season", {"season": "Summer"}),
        (
            [{"name": "A", "month": "May", "day": 1}, {"name": "B", "month": "May", "day": 1}],
            "seasons_start_together",
            {"row": "2", "season": "B", "other": "A"},
        ),
    ],
)
async def test_season_rows_that_cannot_be(
    hass: HomeAssistant, entry: MockConfigEntry, rows: list[Any], error: str, placeholders: dict[str, str]
) -> None:
    dialog = await add(hass, entry)
    await dialog.fill("start", {"start": "blank"})
    await dialog.fill("seasons", {"seasons": rows, "holidays_differ": False})
    assert dialog.errors == {"seasons": error}
    assert placeholders.items() <= dialog.placeholders.items()
    assert dialog.shown["seasons"] == rows


@pytest.mark.parametrize(
    ("rows", "rest", "error", "placeholders"),
    [
        ([{"tier": "Day", "hours": "noon", "days": ["Every day"]}], "Night", "no_such_hours", {"text": "noon"}),
        ([{"tier": "Day", "hours": " ", "days": ["Every day"]}], "Night", "hours_missing", {"row": "1"}),
        ([{"hours": "1-2", "days": ["Every day"]}], "Night", "hours_without_tier", {"row": "1"}),
        (
            [{"tier": "Day", "hours": "6-22", "days": ["Mon–Fri"]}],
            "None, my rows cover every hour",
            "uncovered",
            {"days": "Mon–Fri", "start": "00:00", "end": "06:00", "more": "(And 2 more problems like this.)"},
        ),
        (
            [
                {"tier": "Day", "hours": "6-22", "days": ["Every day"]},
                {"tier": "Night", "hours": "21:30-7", "days": ["Sunday"]},
            ],
            "Night",
            "covered_twice",
            {"days": "Sunday", "start": "06:00", "end": "07:00", "tier": "Day", "other": "Night"},
        ),
    ],
)
async def test_hours_that_cannot_be(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    rows: list[Any],
    rest: str,
    error: str,
    placeholders: dict[str, str],
) -> None:
    dialog = await add(hass, entry)
    await dialog.fill("start", {"start": "day_night"})
    await dialog.fill(
        "prices", {"prices": [{"tier": "Day", "import_price": 0.3}, {"tier": "Night", "import_price": 0.1}]}
    )
    await dialog.pick("hours")
    await dialog.fill("hours", {"windows": rows, "rest_tier": rest})
    assert dialog.errors == {"windows": error}
    assert placeholders.items() <= dialog.placeholders.items()
    assert dialog.shown == {"windows": rows, "rest_tier": rest}


async def test_one_problem_more(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    dialog = await add(hass, entry)
    await dialog.fill("start", {"start": "blank"})
    await dialog.submit_as_shown("seasons")
    await dialog.fill("prices", {"prices": [{"tier": "Day", "import_price": 0.3}]})
    rows = [{"tier": "Day", "hours": "6-22"}]
    await dialog.fill("hours", {"windows": rows, "rest_tier": "None, my rows cover every hour"})
    assert dialog.placeholders["more"] == "(And 1 more problem like this.)"


async def test_a_closed_row_says_which_price_is_paid_and_which_earned(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    dialog = await add(hass, entry)
    await dialog.fill("start", {"start": "day_night"})
    (rows,) = dialog.result["data_schema"].schema.values()
    fields = rows.serialize()["selector"]["object"]["fields"]
    units = {key: fields[key]["selector"]["number"]["unit_of_measurement"] for key in ("import_price", "export_price")}
    assert units == {"import_price": "USD/kWh you pay", "export_price": "USD/kWh you are paid"}


async def test_a_stored_tariff_without_tier_at_other_times_is_not_given_one(hass: HomeAssistant) -> None:
    data = DAY_NIGHT.data()
    data["prices"] = [{**price, "import_per_kwh": 0.3} for price in data["prices"]]
    data["rest_tier"] = None
    entry = await set_up(hass, home(tariff(data)))
    dialog = await change(hass, entry)
    await dialog.pick("hours")
    assert dialog.errors == {"windows": "uncovered"}
    assert dialog.shown["rest_tier"] == "None, my rows cover every hour"


async def test_holidays_of_a_country_without_a_calendar(hass: HomeAssistant) -> None:
    data = SDGE_EV_TOU_5.data()
    data["holidays"] = {**data["holidays"], "country": "XX", "subdivision": "YY"}
    dialog = await change(hass, await set_up(hass, home(tariff(data))))
    assert "No calendar of public holidays is known for XX, YY." in dialog.placeholders["notes"]


async def test_tariffs_of_several_homes_are_told_apart(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    assert (await add(hass, entry)).shown["name"] == ""
    MockConfigEntry(domain="energy_optimizer", title="Bach", unique_id="bach").add_to_hass(hass)
    dialog = await add(hass, entry)
    assert dialog.shown["name"] == "Electricity tariff Home"
    await dialog.submit_as_shown("start", start="pge_e_elec")
    await dialog.submit_as_shown("prices")
    assert dialog.placeholders["name"] == "Electricity tariff Home"


async def test_a_new_season_asks_for_its_prices_and_nothing_else(hass: HomeAssistant) -> None:
    entry = await set_up(hass, home(tariff(PGE_E_ELEC.data(), "E-ELEC")))
    dialog = await change(hass, entry)
    await dialog.pick("seasons")
    spring = {"name": "Spring", "month": "March", "day": 1}
    await dialog.submit_as_shown("seasons", seasons=[*dialog.shown["seasons"], spring])
    assert dialog.errors == {"prices": "no_price"}
    assert dialog.placeholders["season"] == "Spring"
    rows = dialog.shown["prices"]
    assert rows[-3:] == [
        {"season": "Spring", "tier": "Peak"},
        {"season": "Spring", "tier": "Part-peak"},
        {"season": "Spring", "tier": "Off-peak"},
    ]
    for row in rows[-3:]:
        row["import_price"] = 0.3
    await dialog.fill("prices", {"prices": rows})
    assert "**Spring** (March 1 – May 31)" in dialog.placeholders["table"]


async def test_a_price_that_is_missing_leads_to_hours_and_back(hass: HomeAssistant) -> None:
    entry = await set_up(hass, home(tariff(PGE_E_ELEC.data())))
    dialog = await change(hass, entry)
    await dialog.pick("prices")
    rows = [row for row in dialog.shown["prices"] if (row["season"], row["tier"]) != ("Winter", "Part-peak")]
    await dialog.fill("prices", {"prices": rows})
    assert dialog.errors == {"windows": "no_price"}
    assert (dialog.placeholders["season"], dialog.placeholders["tier"]) == ("Winter", "Part-peak")
    await dialog.submit_as_shown("hours")
    assert dialog.errors == {"prices": "no_price"}
    assert dialog.shown["prices"][-1] == {"season": "Winter", "tier": "Part-peak"}
    await dialog.fill("prices", {"prices": rows})
    windows = [{**row, "season": "Summer"} if row["tier"] == "Part-peak" else row for row in dialog.shown["windows"]]
    await dialog.submit_as_shown("hours", windows=windows)
    assert dialog.result["step_id"] == "summary"


async def test_a_renamed_tier_keeps_its_hours_and_a_removed_one_is_asked_about(hass: HomeAssistant) -> None:
    entry = await set_up(hass, home(tariff(PGE_E_ELEC.data())))
    dialog = await change(hass, entry)
    await dialog.pick("prices")
    renamed = [{**row, "tier": row["tier"].replace("Off-peak", "Cheap")} for row in dialog.shown["prices"]]
    await dialog.fill("prices", {"prices": renamed})
    assert "| Cheap | 00:00–15:00 |" in dialog.placeholders["table"]
    await dialog.pick("prices")
    await dialog.fill("prices", {"prices": [row for row in renamed if row["tier"] != "Part-peak"]})
    assert dialog.errors == {"windows": "unknown_tier"}
    assert dialog.placeholders["tier"] == "Part-peak"
    assert "Part-peak" in [row["tier"] for row in dialog.shown["windows"]]
    kept = [row for row in dialog.shown["windows"] if row["tier"] != "Part-peak"]
    await dialog.submit_as_shown("hours", windows=kept)
    assert dialog.result["step_id"] == "summary"


async def test_back_to_a_year_without_seasons_keeps_prices(hass: HomeAssistant) -> None:
    entry = await set_up(hass, home(tariff(PGE_E_ELEC.data())))
    dialog = await change(hass, entry)
    await dialog.pick("seasons")
    await dialog.fill("seasons", {"seasons": [], "holidays_differ": False})
    assert dialog.result["step_id"] == "summary"
    await dialog.pick("prices")
    assert dialog.shown["prices"] == [
        {"tier": "Peak", "import_price": 0.55214},
        {"tier": "Part-peak", "import_price": 0.39026},
        {"tier": "Off-peak", "import_price": 0.33358},
    ]


async def test_a_renamed_season_keeps_prices_and_hours(hass: HomeAssistant) -> None:
    entry = await set_up(hass, home(tariff(SDGE_EV_TOU_5.data())))
    dialog = await change(hass, entry)
    await dialog.pick("seasons")
    seasons = dialog.shown["seasons"]
    seasons[0]["name"] = "Hot"
    await dialog.fill("seasons", {"seasons": seasons, "holidays_differ": True})
    assert dialog.result["step_id"] == "summary"
    assert "**Hot** (June 1 – October 31)" in dialog.placeholders["table"]


async def test_holidays(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    dialog = await add(hass, entry)
    await dialog.fill("start", {"start": "day_night"})
    await dialog.fill(
        "prices", {"prices": [{"tier": "Day", "import_price": 0.3}, {"tier": "Night", "import_price": 0.1}]}
    )
    await dialog.pick("seasons")
    await dialog.submit_as_shown("seasons", holidays_differ=True)
    assert dialog.shown == {"country": "US"}
    await dialog.submit_as_shown("holidays")
    await dialog.fill("subdivision", {"subdivision": "HI"})
    names = dialog.shown["holiday_names"]
    assert "Statehood Day" in names
    typed = {
        "holiday_names": [name for name in names if name != "Columbus Day"][:3],
        "substitutes": "none",
        "own_days": ["12-24", "someday"],
    }
    await dialog.fill("holiday_days", typed)
    assert dialog.errors == {"own_days": "no_such_date"}
    assert dialog.placeholders == {"text": "someday"}
    assert dialog.shown == typed
    await dialog.submit_as_shown("holiday_days", own_days=["12-24", "2026-05-15"])
    assert "Holidays" not in dialog.placeholders["table"], "the same hours on all days need no row apart"
    count = 3 + 1 + (dt_util.now().year == 2026)
    assert f"United States, Hawaii. Days that count in {dt_util.now().year}: {count}." in dialog.placeholders["notes"]
    assert "They have no effect yet" in dialog.placeholders["notes"]
    await dialog.pick("hours")
    windows = [*dialog.shown["windows"], {"tier": "Night", "hours": "6-22", "days": ["Holidays"]}]
    await dialog.submit_as_shown("hours", windows=windows)
    assert "| Holidays | Night | 00:00–24:00 | 0.1 | unknown |" in dialog.placeholders["table"]
    assert "United States, Hawaii" in dialog.placeholders["notes"]
    assert "no effect" not in dialog.placeholders["notes"]
    await dialog.pick("holidays")
    await dialog.submit_as_shown("holidays")
    await dialog.submit_as_shown("subdivision")
    assert dialog.shown["holiday_names"] == typed["holiday_names"]
    await dialog.submit_as_shown("holiday_days", holiday_names=names)
    await dialog.pick("save")
    assert tariff_of(entry).data["holidays"] == {
        "country": "US",
        "subdivision": "HI",
        "names": None,
        "substitutes": "none",
        "own_days": ["12-24"],
        "own_dates": ["2026-05-15"],
    }
    coordinator = next(iter(entry.runtime_data.sources.values()))
    assert coordinator.tariff.holidays.dates
    assert coordinator.tariff.known_until is not None


async def test_holidays_without_a_country_and_turned_off_again(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    hass.config.country = None
    dialog = await add(hass, entry)
    await dialog.fill("start", {"start": "pge_e_elec"})
    await dialog.submit_as_shown("prices")
    await dialog.pick("seasons")
    await dialog.submit_as_shown("seasons", holidays_differ=True)
    await dialog.fill("holidays", {})
    assert dialog.shown == {"own_days": []}
    await dialog.fill("holiday_days", {"own_days": ["12-24"]})
    assert "holidays" in dialog.result["menu_options"]
    assert f"days of your own. Days that count in {dt_util.now().year}: 1." in dialog.placeholders["notes"]
    await dialog.pick("seasons")
    await dialog.submit_as_shown("seasons", holidays_differ=False)
    assert "holidays" not in dialog.result["menu_options"]
    assert "days of your own" not in dialog.placeholders["notes"]


async def test_reconfigure_shows_and_changes_the_tariff(hass: HomeAssistant) -> None:
    entry = await set_up(hass, home(tariff(SDGE_EV_TOU_5.data(), "EV")))
    before = tariff_of(entry)
    dialog = await change(hass, entry)
    assert dialog.placeholders["name"] == "EV"
    for step in ("prices", "hours", "seasons"):
        await dialog.pick(step)
        await dialog.submit_as_shown(step)
    await dialog.pick("name")
    await dialog.fill("name", {"name": " "})
    assert dialog.errors == {"name": "name_empty"}
    await dialog.fill("name", {"name": "Night car"})
    result = await dialog.pick("save")
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    assert tariff_of(entry).title == "Night car"
    assert dict(tariff_of(entry).data) == SDGE_EV_TOU_5.data(), "forms submitted as shown change nothing"
    assert tariff_of(entry).subentry_id == before.subentry_id


async def test_reconfigure_to_another_kind(hass: HomeAssistant) -> None:
    entry = await set_up(hass, home(flat_tariff()))
    dialog = await change(hass, entry)
    assert "0.31" in dialog.placeholders["table"]
    await dialog.pick("start")
    assert dialog.shown["name"] == "Flat"
    await dialog.fill("start", {"name": "Flat no more", "start": "pge_e_elec"})
    await dialog.submit_as_shown("prices")
    await dialog.pick("save")
    assert tariff_of(entry).data["kind"] == "time_of_use"
    await hass.async_block_till_done()
    tier = hass.states.async_all("sensor")
    assert any("Part-peak" in state.attributes.get("options", []) for state in tier)


async def test_reconfigure_of_an_unreadable_tariff_starts_over(hass: HomeAssistant) -> None:
    entry = await set_up(hass, home(tariff({**FLAT, "format": 99}, "From the future")))
    dialog = await change(hass, entry)
    assert dialog.shown["name"] == "From the future"
    await dialog.fill("start", {"start": "flat"})


async def test_a_home_has_one_tariff(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    first, second = await add(hass, entry), await add(hass, entry)
    for dialog in (first, second):
        await dialog.fill("start", {"start": "flat"})
        await dialog.fill("flat", {"import_price": 0.3})
    await first.pick("save")
    result = await second.pick("save")
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "single_tariff")
    third = await add(hass, entry)
    assert (third.result["type"], third.result["reason"]) == (FlowResultType.ABORT, "single_tariff")


async def test_plans_in_dollars_are_offered_for_dollars_only(hass: HomeAssistant) -> None:
    entry = MockConfigEntry(domain="energy_optimizer", title="Maison", data={**home().data, "currency": "EUR"})
    await set_up(hass, entry)
    dialog = await add(hass, entry)
    (selector,) = [value for key, value in dialog.result["data_schema"].schema.items() if str(key) == "start"]
    assert selector.config["options"] == ["flat", "day_night", "peak_shoulder", "heures_creuses", "blank"]


async def test_words_of_a_french_home(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    hass.config.language = "fr"
    dialog = await add(hass, entry)
    await dialog.fill("start", {"start": "pge_e_elec"})
    assert dialog.shown["prices"][0] == {"season": "Été", "tier": "Pointe", "import_price": 0.55214}
    await dialog.submit_as_shown("prices")
    assert "**Été** (1er juin – 30 septembre)" in dialog.placeholders["table"]
    assert "| Tous les jours | Heures creuses | 00:00–15:00 |" in dialog.placeholders["table"]
    await dialog.pick("hours")
    await dialog.submit_as_shown("hours")
    await dialog.pick("seasons")
    assert dialog.shown["seasons"][0] == {"name": "Été", "month": "juin", "day": 1}
    await dialog.submit_as_shown("seasons")
    await dialog.pick("save")
    assert tariff_of(entry).data["rest_tier"] == "Heures creuses"


async def test_another_kind_of_tariff(hass: HomeAssistant) -> None:
    """Another contract does not cost the tariff its entities: its kind can be changed, there and back."""
    await hass.config.async_set_time_zone("America/Los_Angeles")
    entry = await set_up(hass, home(flat_tariff()))
    before = tariff_of(entry)
    dialog = await change(hass, entry)
    await dialog.pick("kinds")
    assert dialog.result["menu_options"] == ["start", "net_billing", "entity"]
    await dialog.pick("start", menu="kinds")
    await dialog.fill("start", {"name": "Nights", "start": "day_night"})
    rows = [{**row, "import_price": 0.2, "export_price": 0.1} for row in dialog.shown["prices"]]
    await dialog.fill("prices", {"prices": rows})
    await dialog.pick("save")
    after = tariff_of(entry)
    assert (after.subentry_id, after.title, after.data["kind"]) == (before.subentry_id, "Nights", "time_of_use")
    assert hass.states.get("sensor.flat_import_price").state == "0.2"
