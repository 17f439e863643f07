"""The version, alone, so that builds need not import the package."""

__version__ = "0.1.0"
