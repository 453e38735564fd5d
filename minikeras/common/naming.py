"""Temporary."""
from collections import defaultdict
import re
_c = defaultdict(int)
def to_snake_case(name):
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()
def auto_name(prefix):
    p = to_snake_case(prefix); n = _c[p]; _c[p] += 1
    return p if n == 0 else f"{p}_{n}"
