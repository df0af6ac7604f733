"""One module per command: `configure` says its options, `run` does it and answers the exit code."""
