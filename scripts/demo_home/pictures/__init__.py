"""Takes the pictures of the documentation: ``scripts/screenshots``."""
