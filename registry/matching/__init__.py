"""Matching: which resources of different lists are the same work, and how they are related.

normalise → features → candidates → comparison → rules → selection → decisions; see ``docs/matching.md``.
"""

from registry.matching.matcher import MatchDelta, Matcher, OtherRecipe, match, recipe_digest
from registry.matching.outcome import Rule, load_rules

__all__ = ["MatchDelta", "Matcher", "OtherRecipe", "Rule", "load_rules", "match", "recipe_digest"]
