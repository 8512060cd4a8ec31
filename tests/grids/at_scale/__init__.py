"""What must hold with 100,000 residents in one community, on PostgreSQL (mark `services`)."""
