"""Written by `python tests/stubs.py`: what is public, for checkers of types and editors."""

from minikeras.models.cloning import clone_model as clone_model
from minikeras.models.functional import Functional as Functional
from minikeras.models.model import Model as Model
from minikeras.models.model_json import model_from_json as model_from_json
from minikeras.models.sequential import Sequential as Sequential
from minikeras.saving.saving_api import load_model as load_model
from minikeras.saving.saving_api import save_model as save_model

__all__ = [
    "clone_model",
    "Functional",
    "Model",
    "model_from_json",
    "Sequential",
    "load_model",
    "save_model",
]
