"""The page's engine, in scripts: language models, decoders and the oracle. It knows no lab."""
