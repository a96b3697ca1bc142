"""What waits to be written."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from .records import CounterRow, EnergyRow, PriceNote, SeriesKey, TermsNote

MOST_ROWS: Final = 200_000
"""About three months of a home, or 60 MB; more than that is not kept while a database is away."""


@dataclass(kw_only=True, slots=True)
class Pending:
    """Rows by what they are about: of energies and counters, only the last word is written."""

    energies: dict[tuple[SeriesKey, int], EnergyRow] = field(default_factory=dict)
    counters: dict[tuple[SeriesKey, int], CounterRow] = field(default_factory=dict)
    prices: list[PriceNote] = field(default_factory=list)
    terms: list[TermsNote] = field(default_factory=list)
    price_slots: int = 0

    def __len__(self) -> int:
        return len(self.energies) + len(self.counters) + self.price_slots + len(self.terms)

    def add_energies(self, energies: Iterable[EnergyRow], counters: Iterable[CounterRow]) -> None:
        """Take in slots and how far their counters have come, which belong together."""
        self.energies.update(((row.series, row.starts_at), row) for row in energies)
        self.counters.update(((row.series, row.started_at), row) for row in counters)

    def add_prices(self, note: PriceNote) -> None:
        """Take in a publication."""
        self.prices.append(note)
        self.price_slots += len(note.slots)

    def after(self, older: Pending) -> Pending:
        """Return *older*, which could not be written, with this on top."""
        return Pending(
            energies=older.energies | self.energies,
            counters=older.counters | self.counters,
            prices=older.prices + self.prices,
            terms=older.terms + self.terms,
            price_slots=older.price_slots + self.price_slots,
        )

    def shrink(self, most: int = MOST_ROWS) -> int:
        """Drop what is oldest until *most* rows are left; return how many went.

        Publications go first. Counters stay: they are few, and what they have counted must not be counted again.
        """
        before = len(self)
        while self.prices and len(self) > most:
            self.price_slots -= len(self.prices.pop(0).slots)
        if (excess := len(self) - most) > 0:
            for key in sorted(self.energies, key=lambda each: each[1])[:excess]:
                del self.energies[key]
        return before - len(self)

    def of(self, home: str) -> Pending:
        """Return what belongs to *home*."""
        return self._chosen(lambda series: series.home == home)

    def without(self, home: str) -> Pending:
        """Return what belongs to other homes."""
        return self._chosen(lambda series: series.home != home)

    def take_over(self, older: Pending) -> None:
        """Take in what was noted earlier and is not written; what is known here already goes first."""
        self.energies = older.energies | self.energies
        self.counters = older.counters | self.counters
        self.prices = older.prices + self.prices
        self.terms = older.terms + self.terms
        self.price_slots += older.price_slots

    def _chosen(self, is_chosen: Callable[[SeriesKey], bool]) -> Pending:
        prices = [note for note in self.prices if is_chosen(note.series)]
        return Pending(
            energies={key: row for key, row in self.energies.items() if is_chosen(key[0])},
            counters={key: row for key, row in self.counters.items() if is_chosen(key[0])},
            prices=prices,
            terms=[note for note in self.terms if is_chosen(note.series)],
            price_slots=sum(len(note.slots) for note in prices),
        )
