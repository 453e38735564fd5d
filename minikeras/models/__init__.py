"""Models: stacks, graphs and subclasses of layers that can be trained."""

from minikeras.common.late_names import late_names as _late_names
from minikeras.models.cloning import clone_model
from minikeras.models.functional import Functional
from minikeras.models.model import Model
from minikeras.models.model_json import model_from_json
from minikeras.models.sequential import Sequential
from minikeras.saving.saving_api import load_model, save_model

__getattr__, __dir__, __all__ = _late_names(globals())
