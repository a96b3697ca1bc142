"""The dialogs, one file per kind of source."""
