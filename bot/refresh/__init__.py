"""A refresh of the index as a reviewed change: proposed, judged, decided by an admin, recorded."""
