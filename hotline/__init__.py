"""The core of the anti-fraud hotline console. It knows no speech engine and no web framework."""

__version__ = "0.1.0"
