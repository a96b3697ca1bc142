"""Measures what the planner saves, how fast it is and how well it foresees: what stands behind ``scripts/bench``."""
