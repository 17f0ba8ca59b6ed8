"""Look into texts and models: what follows what (`counting`, `kneser_ney`), how far gradients reach, linear probes."""
