"""Text -> ranked Hits."""
