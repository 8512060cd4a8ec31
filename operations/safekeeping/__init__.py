"""Backup and restore of database and uploads; the keys apart from both, by commands of their own."""
