"""Carries a wanted state out on a device and has it read back."""
