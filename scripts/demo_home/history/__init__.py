"""The weeks before the first start and the hours between two starts: what the home did while nobody recorded it."""
