"""One folder for each lab: its Python face, its picture for readers without scripts, its scripts, its style."""
