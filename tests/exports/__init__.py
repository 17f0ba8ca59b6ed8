"""Cards go to learning platforms and are read back by others: nothing is lost, and nothing is added."""
