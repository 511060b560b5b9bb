"""Meta Academy Registry: a federated metadata registry for learning resources in official statistics."""

__version__ = "0.1.0"
