"""What a benchmark says instead of going on."""


class BenchError(Exception):
    """Something that whoever started the benchmark can mend; the message says what."""
