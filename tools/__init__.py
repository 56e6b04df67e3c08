"""What rebuilds the shipped assets: one module per asset, each run as `python -m tools.<name>`."""
