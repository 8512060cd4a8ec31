"""HTML in, redirect out: one module per noun of the desk."""
