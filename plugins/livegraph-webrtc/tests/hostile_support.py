"""The tools by which livegraph-server's own tests attack it: the server is the same."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "livegraph-server" / "tests"))

from attack_support import MOST_S, Longest, held_by, longest
from counted_support import Counted, check_joins, counted

__all__ = ["MOST_S", "Counted", "Longest", "check_joins", "counted", "held_by", "longest"]
