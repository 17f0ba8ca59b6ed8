"""What all widgets share: controls, views, their messages and drawings; the bundler of their scripts."""
