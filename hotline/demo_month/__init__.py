"""A demonstration month: finished synthetic calls with everything that people do with them."""

from hotline.demo_month.load import Loaded, load_month

__all__ = ["Loaded", "load_month"]
