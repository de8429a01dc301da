"""The subcommands of `triage`, a module each."""
