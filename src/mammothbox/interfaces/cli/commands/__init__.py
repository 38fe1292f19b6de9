"""One module per command, each with its `COMMAND`; `interfaces.cli.app` holds the list."""
