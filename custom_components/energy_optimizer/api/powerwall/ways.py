"""The ways to one Powerwall, as its subentry keeps them: ``{"ways": {"gateway": {…}, "fleet": {…}}}``."""

from collections.abc import Mapping
from typing import Any, Final

from ...const import (
    CONF_WAYS,
    PATH_ENTITIES,
    PATH_FLEET,
    PATH_GATEWAY,
    PATH_OWNER,
    PATH_SIMULATED,
    PATH_TESLEMETRY,
)

ORDER: Final = (PATH_GATEWAY, PATH_FLEET, PATH_TESLEMETRY, PATH_OWNER, PATH_ENTITIES, PATH_SIMULATED)
"""The order in which the ways are tried; a simulated Powerwall stands alone."""
CLOUD: Final = (PATH_FLEET, PATH_TESLEMETRY, PATH_OWNER)
"""Ways through Tesla's servers, which number their sites alike."""


def ordered_ways(data: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the ways that are set up, the first to be tried first."""
    ways = data.get(CONF_WAYS, {})
    return tuple(way for way in ORDER if way in ways)


def way_settings(data: Mapping[str, Any], way: str) -> Mapping[str, Any]:
    """Return the settings of one way; empty if it is not set up."""
    settings: Mapping[str, Any] = data.get(CONF_WAYS, {}).get(way, {})
    return settings


def set_up_way(data: Mapping[str, Any], way: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return *data* with *way* added or changed; a simulated Powerwall and a real one replace each other."""
    present = data.get(CONF_WAYS, {})
    kept = {name: present[name] for name in present if (name == PATH_SIMULATED) == (way == PATH_SIMULATED)}
    return {**data, CONF_WAYS: {**kept, way: dict(settings)}}


def without_way(data: Mapping[str, Any], way: str) -> dict[str, Any]:
    """Return *data* without *way*.

    Raises:
        ValueError: if no other way would be left.
    """
    kept = {name: settings for name, settings in data.get(CONF_WAYS, {}).items() if name != way}
    if not kept:
        raise ValueError("A Powerwall needs a way by which it is reached")
    return {**data, CONF_WAYS: kept}


def identity_of(data: Mapping[str, Any]) -> str:
    """Return what tells one Powerwall from another: its serial, else its place in the way that is tried first."""
    ways = ordered_ways(data)
    for way in ways:
        if serial := way_settings(data, way).get("serial"):
            return str(serial)
    return _place(ways[0], way_settings(data, ways[0]))


def _place(way: str, settings: Mapping[str, Any]) -> str:
    if way == PATH_GATEWAY:
        return str(settings["host"])
    if way in CLOUD:
        return f"site {settings['site_id']}"
    return str(settings["grid_power"]) if way == PATH_ENTITIES else way


def is_same_powerwall(data: Mapping[str, Any], way: str, found: Mapping[str, Any]) -> bool | None:
    """Say whether what was *found* by *way* is the Powerwall that the other ways of *data* lead to.

    ``None`` where there is nothing to compare.
    """
    verdicts = [_matches(other, way_settings(data, other), way, found) for other in ordered_ways(data) if other != way]
    if False in verdicts:
        return False
    return True if True in verdicts else None


def _matches(way: str, settings: Mapping[str, Any], other: str, found: Mapping[str, Any]) -> bool | None:
    serials = settings.get("serial"), found.get("serial")
    if all(serials):
        return str(serials[0]).upper() == str(serials[1]).upper()
    if way in CLOUD and other in CLOUD:
        return str(settings["site_id"]) == str(found["site_id"])
    return None


def leads_to_another(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Say whether the *new* data of a Powerwall are known to lead to another one than the *old*."""
    if (PATH_SIMULATED in ordered_ways(old)) != (PATH_SIMULATED in ordered_ways(new)):
        return True
    verdicts = [
        _matches(one, way_settings(old, one), other, way_settings(new, other))
        for one in ordered_ways(old)
        for other in ordered_ways(new)
    ]
    return False in verdicts and True not in verdicts


def from_version_1(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of a Powerwall as of version 1, which was reached by one way, in today's form."""
    if CONF_WAYS in data:
        return dict(data)
    settings = {name: value for name, value in data.items() if name != "path"}
    return {CONF_WAYS: {data["path"]: settings}}
