"""Slack: translate in (listen), translate out (blocks), deliver."""
