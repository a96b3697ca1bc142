"""Where prices and what they hang on come from."""
