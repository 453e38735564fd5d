"""Makes the tables of ops and layers importable, which are exported here."""

from case_tables import make_importable

make_importable("op_cases", "ops")
make_importable("layer_cases", "layers")
