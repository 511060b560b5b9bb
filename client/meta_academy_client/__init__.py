"""A typed client of a Meta Academy Registry: plain httpx, answers as dictionaries with known keys."""

from meta_academy_client.client import ApiProblem, Client
from meta_academy_client.flat import best, label, row

__all__ = ["ApiProblem", "Client", "best", "label", "row"]
