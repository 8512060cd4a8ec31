"""Who volunteers: registration, placing, teams, and who is in them."""
