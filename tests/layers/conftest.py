"""Makes the tables of `cases/` importable as `layer_cases`."""

from case_tables import make_importable

make_importable("layer_cases", "layers")
