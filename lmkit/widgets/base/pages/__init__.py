"""Labs on the pages of a Sphinx project: what `lmkit.sphinx` is made of. Nothing else of the package imports Sphinx."""
