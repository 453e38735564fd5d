"""Makes the tables of `cases/` importable as `data_cases`."""

from case_tables import make_importable

make_importable("data_cases", "data")
