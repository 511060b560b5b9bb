"""The only room that knows the order of the stages: visit feeds, match, publish."""
