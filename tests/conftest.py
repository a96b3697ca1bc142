"""Fixtures that every test may use."""

import os
from pathlib import Path

import pytest
from hypothesis import settings
from pytest_homeassistant_custom_component.syrupy import HomeAssistantSnapshotExtension
from syrupy.assertion import SnapshotAssertion

# Imported before Home Assistant starts, so that the loader finds this integration and not an empty testing folder.
import custom_components.energy_optimizer  # noqa: F401
from tests.flow_words import _every_dialog_has_words  # noqa: F401 - watches the dialogs of all tests
from tests.servers.databases import ledger_address, mariadb, postgresql  # noqa: F401 - fixtures for all tests
from tests.servers.fixtures import amber, colour_api, gateway, rte, tesla, tesla_cloud  # noqa: F401 - fixtures for all tests

# How long an example takes tells of the machine, not of the code. The same examples each time, so that a change is
# judged by itself; HYPOTHESIS_PROFILE=explore looks for new ones.
settings.register_profile("same_each_time", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same_each_time"))


@pytest.fixture(autouse=True)
def _enable_custom_integrations(enable_custom_integrations: None) -> None:
    """Let Home Assistant load integrations from this repository."""


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Write snapshots the way Home Assistant does, without ids and times that differ from run to run."""
    return snapshot.use_extension(HomeAssistantSnapshotExtension)


@pytest.fixture
def hass_config_dir(tmp_path: Path) -> str:
    """Give each test a configuration folder of its own: what one sweeps away, another beside it may be using."""
    folder = tmp_path / "config"
    folder.mkdir()
    return str(folder)
