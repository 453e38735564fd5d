"""`keras.distribution`: training on several processes, which MPI starts. See docs/scale.md."""

from minikeras.common.late_names import late_names as _late_names
from minikeras.distribution.distribution_lib import (
    DataParallel,
    DeviceMesh,
    LayoutMap,
    ModelParallel,
    TensorLayout,
    distribute_tensor,
    distribution,
    get_device_count,
    initialize,
    list_devices,
    set_distribution,
)

__getattr__, __dir__, __all__ = _late_names(globals())
