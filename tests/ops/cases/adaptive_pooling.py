"""Cases of the ops in `minikeras/ops/adaptive_pooling.py`."""

from op_cases import Cases

CASES = Cases()


def images(r):
    size = r.one_of((2, 3), 4, (7, 1), (3, 5))
    data_format = r.one_of("channels_last", "channels_first")
    shape = (3, 6, 5) if data_format == "channels_first" else (6, 5, 3)
    return (r.real(r.batch, *shape), size), {"data_format": data_format}


# Keras describes a result of other axes than it computes.
CASES.add("adaptive_average_pool adaptive_max_pool", images, same_spec=False)
