"""Counters and days: decisions on numbers, not storage."""
