"""Rows of the layers in `minikeras/layers/regularization/`."""

import numpy as np
from layer_cases import Array, Call, Case, st

shapes = st.sampled_from([(3, 4), (2, 3, 4)])


def dropped_share(x, y, kwargs):
    rate = kwargs["rate"]
    if rate == 1:
        assert not y.any()
        return
    np.testing.assert_allclose(y[y != 0], 1 / (1 - rate), rtol=1e-4)  # rates are rounded to 1/65536
    assert abs((y == 0).mean() - rate) < 0.02
    assert abs(y.mean() - 1) < 0.03


CASES = {
    "ActivityRegularization": Case(
        st.builds(
            lambda l1, l2, s: Call({"l1": l1, "l2": l2}, Array(s)),
            st.sampled_from([0.0, 0.1]),
            st.sampled_from([0.0, 0.2]),
            shapes,
        )
    ),
    "Dropout": Case(
        st.builds(
            lambda rate, shape: Call({"rate": rate, "seed": 3}, Array(shape)),
            st.sampled_from([0.0, 0.25, 0.5, 0.9, 1.0]),
            shapes,
        ),
        random=True,
        statistics=dropped_share,
    ),
}
