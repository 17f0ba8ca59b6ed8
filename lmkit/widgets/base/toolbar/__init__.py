"""What stands below every lab: copy a link to it, reset it, show it on the full screen."""
