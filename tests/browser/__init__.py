"""Chromium plays the line on a platform that runs as it runs for people: web, worker and beat."""
