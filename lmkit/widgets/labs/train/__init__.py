"""The lab in which a reader trains a model."""
