"""A lab as a file of its own: an HTML page, or markup for a page of somebody else, that needs nothing around it."""
