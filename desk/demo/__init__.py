"""The demo: 武江区 with 花城社区, replayed through the platform's own verbs. Nothing here runs in production."""

from desk.demo.signins import demo_signins

__all__ = ["demo_signins"]
