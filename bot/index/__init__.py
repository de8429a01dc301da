"""The index: built beside, verified, promoted, opened."""
