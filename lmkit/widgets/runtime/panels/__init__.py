"""What labs that decode show alike, in scripts: a text, the bars of its next token, the hypotheses of a beam."""
