"""Matching: which resources of different lists are the same work, and how they are related.

reading → candidates → measures → weights → rules → choice → works and their ids; see ``docs/matching.md``.
"""

from registry.matching.identified import OtherIdentity
from registry.matching.matcher import MatchDelta, Matcher, match
from registry.matching.modelled import MatchModel, from_parts
from registry.matching.outcome import Rule, load_rules
from registry.matching.recipe import OtherRecipe, recipe_digest
from registry.matching.spark import weigher

__all__ = [
    "MatchDelta", "MatchModel", "Matcher", "OtherIdentity", "OtherRecipe", "Rule", "from_parts", "load_rules", "match",
    "recipe_digest", "weigher",
]  # fmt: skip
