"""One coordinator per source: it asks, keeps the latest snapshot and says how old that is."""
