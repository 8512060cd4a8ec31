"""Being there: marks of phones, the rotating code, and what looks odd about them."""
