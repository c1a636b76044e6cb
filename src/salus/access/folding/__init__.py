"""The register told apart: people one by one, and what systems did of themselves folded by day. For display only."""
