"""Clouds that are the same for everybody who looks."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from custom_components.energy_optimizer.core.model.place import Place
from custom_components.energy_optimizer.core.simulation.clouds import cloud_cover, clouds

PARIS = Place(latitude=48.85, longitude=2.35, time_zone=ZoneInfo("Europe/Paris"))
SEVILLE = Place(latitude=37.39, longitude=-5.98, time_zone=ZoneInfo("Europe/Madrid"))
YEAR = datetime(2026, 1, 1, tzinfo=UTC).timestamp() + 600.0 * np.arange(365.0 * 144)


def test_any_instant_can_be_asked_alone() -> None:
    together = clouds(4, YEAR[:500], PARIS)
    for index in (0, 123, 499):
        alone = clouds(4, YEAR[index : index + 1], PARIS)
        assert alone.beam_share[0] == together.beam_share[index]
        assert alone.glow_share[0] == together.glow_share[index]


def test_shares_are_shares() -> None:
    sky = clouds(4, YEAR, PARIS)
    assert sky.beam_share.min() >= 0.0
    assert sky.beam_share.max() <= 1.0
    assert sky.glow_share.min() > 0.0
    assert sky.glow_share.max() < 1.0


def test_days_differ() -> None:
    days = clouds(4, YEAR, PARIS).beam_share.reshape(365, 144)[:, 54:90].mean(axis=1)
    assert np.mean(days > 0.85) > 0.15, "no sunny days"
    assert np.mean(days < 0.3) > 0.1, "no grey days"
    assert np.mean((days > 0.4) & (days < 0.7)) > 0.1, "no mixed days"


def test_minutes_move_but_do_not_jump() -> None:
    minutes = YEAR[0] + 60.0 * np.arange(60.0 * 24 * 60)
    steps = np.abs(np.diff(clouds(4, minutes, PARIS).beam_share))
    assert 0.002 < steps.mean() < 0.08
    assert np.mean(steps > 0.4) < 0.01


def test_homes_have_their_own_weather_and_places_their_climate() -> None:
    assert abs(np.corrcoef(cloud_cover(1, YEAR, PARIS), cloud_cover(2, YEAR, PARIS))[0, 1]) < 0.25
    assert cloud_cover(1, YEAR, PARIS).mean() > cloud_cover(1, YEAR, SEVILLE).mean() + 0.05
    winter, summer = cloud_cover(1, YEAR, PARIS)[: 90 * 144], cloud_cover(1, YEAR, PARIS)[150 * 144 : 240 * 144]
    assert winter.mean() > summer.mean()
