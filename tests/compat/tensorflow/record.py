"""Write `values.json`: what TensorFlow itself gives.

Run it with Python and TensorFlow 2.15: `python tests/compat/tensorflow/record.py`.
"""

import json
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))

import calls  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

found = {}
for call in calls.CALLS:
    try:
        found[call] = calls.plain(eval(call, {"tf": tf, "np": np, **calls.DATA}))
    except Exception as error:
        print(call, type(error).__name__, str(error)[:200])
text = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in found.items())
(HERE / "values.json").write_text("{\n" + text + "\n}\n")
print(len(found), "calls")
