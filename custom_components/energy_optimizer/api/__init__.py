"""The outside world, translated into ``core.model``: one folder per kind of thing, one file per way to reach it."""
