"""Stands in for a package that Home Assistant imports at each start and that a machine without compiler cannot have."""


class AudioProcessor:
    """Cleans nothing: the demo has no voice satellite."""

    def __init__(self, *_: object) -> None:
        raise RuntimeError("voice is not part of this demo")
