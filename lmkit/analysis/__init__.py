"""Look into texts and models: counts of what follows (`counting`), how far gradients reach, linear probes."""
