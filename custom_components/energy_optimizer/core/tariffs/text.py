"""Prices and times as people write them."""


def price_text(price: float) -> str:
    """Write a price with the digits it was entered with, five behind the point at most."""
    return f"{price:.5f}".rstrip("0").rstrip(".")


def clock_text(minute: int) -> str:
    """Write minutes since midnight as hours and minutes."""
    return f"{minute // 60:02}:{minute % 60:02}"
