"""Cases of the ops in `minikeras/ops/ctc.py`."""

from __future__ import annotations

import numpy as np
from op_cases import Cases, Draw

CASES = Cases()


def spoken(r: Draw) -> tuple:
    targets = np.concatenate([r.ints(1, 4, r.batch, 2), np.zeros((r.batch, 1), np.int32)], axis=-1)
    lengths = np.full(r.batch, 2, np.int32), np.full(r.batch, r.one_of(6, 5), np.int32)
    blank = r.one_of(0, 3)
    if blank:
        targets = targets % 3  # labels are 1 to 2 and 0 where padded
    return (targets, r.real(r.batch, 6, 4), *lengths), {"mask_index": blank}


CASES.add("ctc_loss", spoken, rtol32=1e-4, batched=False, twice=False)


def outputs(r: Draw) -> tuple:
    lengths = np.array([6, 4, 5, 6, 2, 6])[: r.batch].astype(np.int32)
    found = {"mask_index": r.one_of(0, 3), "merge_repeated": r.one_of(True, False)}
    search = {"strategy": "beam_search", "beam_width": r.one_of(30, 3), "top_paths": 2}
    return (r.real(r.batch, 6, 4), lengths), {**found, **r.one_of({}, search)}


CASES.add("ctc_decode", outputs, gradient=False, batched=False)
