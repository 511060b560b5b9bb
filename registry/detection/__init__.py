"""Which list an address or a file is, and by which protocol it is read: found from the address alone."""

from registry.detection import told
from registry.detection.found import Candidate, Detection, Tried, best_first, can_read
from registry.detection.search import detect
from registry.detection.sniff import nature, sniff

__all__ = ["Candidate", "Detection", "Tried", "best_first", "can_read", "detect", "nature", "sniff", "told"]
