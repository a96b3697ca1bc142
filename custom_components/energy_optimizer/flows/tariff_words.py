"""The words of a tariff's dialog that Home Assistant's frontend cannot translate, because they stand inside data."""

from collections.abc import Iterable, Mapping
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import slugify

from ..const import DOMAIN
from ..core.tariffs.days import ALL_WEEK, EVERY_DAY, WEEKDAYS, WEEKEND, DateRange, DayKind, MonthDay
from ..core.tariffs.text import price_text

_PREFIX: Final = f"component.{DOMAIN}.selector.tariff_words.options."
_GROUPS: Final = (("every_day", EVERY_DAY), ("weekdays", WEEKDAYS), ("weekend", WEEKEND))


class Words:
    """Names of days, months and parts of a tariff in the language of this Home Assistant."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self._words = words

    def __call__(self, key: str, **placeholders: str) -> str:
        """Return a word or sentence; the key itself if it was never translated."""
        return self._words.get(key, key).format(**placeholders)

    def name(self, english: str) -> str:
        """Translate the name of a tier or season of a preset, if there is a word for it."""
        return self._words.get(f"name_{slugify(english)}", english)

    @property
    def months(self) -> list[str]:
        """The months from January on."""
        return [self(f"month_{number:02}") for number in range(1, 13)]

    @property
    def day_groups(self) -> dict[str, frozenset[DayKind]]:
        """Everything that can be called days, by its name."""
        groups = {self(key): days for key, days in _GROUPS}
        return groups | {self(kind.value): frozenset({kind}) for kind in DayKind}

    def days(self, kinds: Iterable[DayKind], *, holidays_differ: bool) -> list[str]:
        """Name days with as few words as possible."""
        left = set(kinds)
        if not holidays_differ:
            left.discard(DayKind.HOLIDAY)
            if left == set(ALL_WEEK):
                left = set(EVERY_DAY)
        names = []
        for key, group in _GROUPS:
            if group <= left:
                names.append(self(key))
                left -= group
        return names + [self(kind.value) for kind in DayKind if kind in left]

    def day_of_year(self, day: MonthDay) -> str:
        """Name a day that returns each year."""
        key = "date_first" if day.day == 1 else "date"
        return self(key, day=str(day.day), month=self.months[day.month - 1])

    def period(self, dates: DateRange) -> str:
        """Name a part of the year."""
        return f"{self.day_of_year(dates.first)} – {self.day_of_year(dates.last)}"

    def price(self, price: float | None) -> str:
        """Write a price, or say that it is unknown."""
        return self("unknown") if price is None else price_text(price)


async def async_load_words(hass: HomeAssistant) -> Words:
    """Load the words in the language of this Home Assistant."""
    texts = await async_get_translations(hass, hass.config.language, "selector", {DOMAIN})
    return Words({key.removeprefix(_PREFIX): text for key, text in texts.items() if key.startswith(_PREFIX)})
