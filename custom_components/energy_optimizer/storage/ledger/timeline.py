"""Of publications that overlap, what holds at each instant: whatever was seen last."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

from ...core.model.price import PriceSlot
from .records import seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece[T]:
    """A stretch of time, in seconds since 1970, and what holds in it."""

    starts_at: int
    ends_at: int
    rank: tuple[int, int]
    """Of two that overlap, the greater one holds."""
    content: T


def resolved[T](pieces: Iterable[Piece[T]]) -> Iterator[Piece[T]]:
    """Yield what holds when, in order, not overlapping; holes stay holes."""
    waiting = sorted((piece for piece in pieces if piece.ends_at > piece.starts_at), key=lambda each: each.starts_at)
    edges = sorted({edge for piece in waiting for edge in (piece.starts_at, piece.ends_at)})
    active: list[tuple[tuple[int, int], int]] = []
    arrived = 0
    held: Piece[T] | None = None
    held_from = 0
    for edge in edges:
        while arrived < len(waiting) and waiting[arrived].starts_at <= edge:
            first, second = waiting[arrived].rank
            heappush(active, ((-first, -second), arrived))
            arrived += 1
        while active and waiting[active[0][1]].ends_at <= edge:
            heappop(active)
        now = waiting[active[0][1]] if active else None
        if now is held:
            continue
        if held is not None:
            yield _cut(held, held_from, edge)
        held, held_from = now, edge


def clipped[T](pieces: Iterable[Piece[T]], start: int, end: int) -> Iterator[Piece[T]]:
    """Yield what of *pieces* lies within [*start*, *end*)."""
    for piece in pieces:
        if max(piece.starts_at, start) < min(piece.ends_at, end):
            yield _cut(piece, max(piece.starts_at, start), min(piece.ends_at, end))


def _cut[T](piece: Piece[T], start: int, end: int) -> Piece[T]:
    return Piece(starts_at=start, ends_at=end, rank=piece.rank, content=piece.content)


type PriceContent = tuple[object, ...]


def price_content(slot: PriceSlot) -> PriceContent:
    """Return all that a slot says beside its time."""
    return (
        slot.tier,
        slot.import_per_kwh,
        slot.export_per_kwh,
        slot.certainty,
        slot.import_range,
        slot.export_range,
        slot.import_parts,
        slot.export_parts,
    )


def news(known: Sequence[Piece[PriceContent]], slots: Iterable[PriceSlot]) -> list[PriceSlot]:
    """Return those of *slots* that say another thing than is *known* (resolved) for a part of their time."""
    return [slot for slot in slots if not _covers(known, slot)]


def _covers(known: Sequence[Piece[PriceContent]], slot: PriceSlot) -> bool:
    reached, end, content = seconds(slot.starts_at), seconds(slot.ends_at), price_content(slot)
    low, high = 0, len(known)
    while low < high:  # the first piece that ends after the slot starts
        middle = (low + high) // 2
        low, high = (middle + 1, high) if known[middle].ends_at <= reached else (low, middle)
    for piece in known[low:]:
        if reached >= end or piece.starts_at > reached or piece.content != content:
            break
        reached = piece.ends_at
    return reached >= end
