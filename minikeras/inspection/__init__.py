"""What happens inside: where the time of a step goes, and how each backward comes about."""

from minikeras.inspection.backward import BackwardView, show_backward
from minikeras.inspection.profiling import Profile, profile
