"""Charts of runs with several seeds."""
