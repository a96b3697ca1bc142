"""How dashboards get the card."""

import re
from pathlib import Path

import pytest
from homeassistant.components.frontend import DATA_EXTRA_MODULE_URL
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.energy_optimizer import frontend
from custom_components.energy_optimizer.const import DOMAIN
from tests.homes import HOME_DATA, set_up
from tests.validators.repository import INTEGRATION, json_of, texts

FILES = sorted((INTEGRATION / "frontend").glob("*.js"))
MOST_BYTES = 25_000


def a_home(title: str = "Home") -> MockConfigEntry:
    return MockConfigEntry(domain=DOMAIN, version=2, title=title, unique_id=title, data=HOME_DATA)


def offered(hass: HomeAssistant) -> list[str]:
    return sorted(url for url in hass.data[DATA_EXTRA_MODULE_URL].urls if DOMAIN in url)


@pytest.fixture
async def _frontend(hass: HomeAssistant, socket_enabled: None) -> None:
    assert await async_setup_component(hass, "frontend", {})


@pytest.mark.usefixtures("_frontend")
async def test_the_card_is_served_with_all_it_imports(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> None:
    await set_up(hass, a_home())
    (url,) = offered(hass)
    assert f"?v={json_of('manifest.json')['version']}-" in url
    client = await hass_client_no_auth()
    answer = await client.get(url)
    assert answer.status == 200
    assert "javascript" in answer.headers["Content-Type"]
    assert "max-age" in answer.headers["Cache-Control"]
    card = await answer.text()
    imported = re.findall(r"import\(`\./([\w-]+\.js)\$\{version\}`\)", card)
    assert {frontend.CARD, *imported} == {path.name for path in FILES}
    for name in imported:
        assert (await client.get(f"{frontend.URL_PATH}/{name}")).status == 200


@pytest.mark.usefixtures("_frontend")
async def test_it_is_offered_until_the_last_home_is_unloaded(hass: HomeAssistant) -> None:
    first, second = await set_up(hass, a_home("One")), await set_up(hass, a_home("Two"))
    (url,) = offered(hass)
    await hass.config_entries.async_unload(first.entry_id)
    assert offered(hass) == [url]
    await hass.config_entries.async_unload(second.entry_id)
    assert offered(hass) == []
    await hass.config_entries.async_setup(second.entry_id)
    assert offered(hass) == [url]
    await hass.config_entries.async_reload(second.entry_id)
    assert offered(hass) == [url]


async def test_a_home_assistant_without_a_frontend_needs_no_card(hass: HomeAssistant) -> None:
    await set_up(hass, a_home())
    assert DATA_EXTRA_MODULE_URL not in hass.data


def test_whatever_changes_gets_another_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frontend, "_FOLDER", tmp_path)
    (tmp_path / "a.js").write_text("1")
    before = frontend._fingerprint()
    (tmp_path / "a.js").write_text("2")
    assert frontend._fingerprint() != before


def test_the_card_is_small_and_asks_nobody_else() -> None:
    assert sum(path.stat().st_size for path in FILES) < MOST_BYTES
    for path in FILES:
        addresses = re.findall(r"https?://[^\"'` ]+", path.read_text(encoding="utf-8"))
        assert set(addresses) <= {"http://www.w3.org/2000/svg"}, path.name


def test_the_card_says_all_words_that_it_has() -> None:
    script = "\n".join(path.read_text(encoding="utf-8") for path in FILES)
    prefix = "selector.plan_words.options.card_"
    ours = [key.removeprefix(prefix) for key in texts("en") if key.startswith(prefix)]
    assert len(ours) > 10
    assert [key for key in ours if f'"{key}"' not in script] == []
