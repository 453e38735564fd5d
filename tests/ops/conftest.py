"""Makes the tables of `cases/` importable as `op_cases`."""

from case_tables import make_importable

make_importable("op_cases", "ops")
