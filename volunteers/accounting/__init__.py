"""What a service was worth: crediting, the ledger and its proof, quotas, thanks."""
