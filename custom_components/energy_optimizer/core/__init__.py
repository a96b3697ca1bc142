"""What is true of any home, with no Home Assistant, no I/O and no clock of its own."""
