"""A lab taken away: its picture as SVG and PNG, its numbers as CSV, each with its settings and its source."""
