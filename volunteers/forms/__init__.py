"""The shape of what pages and API send, one module a noun. The rules are in the verbs."""
