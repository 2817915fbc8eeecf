"""The command line, `slipway`, and the same as Python calls: `slipway_cli.bundle.create(...)`."""
