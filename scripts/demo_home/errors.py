"""How a demo fails."""


class DemoError(Exception):
    """Something a person can read and act on; shown without a stack trace."""
