"""The member's pages: whistles and claims; service, registration and boards."""
