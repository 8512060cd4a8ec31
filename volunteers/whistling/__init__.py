"""A whistle: from the draft to its end, its clock, whom it is for, and what is said of it."""
