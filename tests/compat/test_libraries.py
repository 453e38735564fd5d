"""Libraries that are written for Keras find minikeras; being large, each is tried where it is installed."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

DATA = """
import keras, numpy as np
x = np.random.default_rng(0).random((64, 3)).astype("float32")
y = x.sum(1)

def build(units=2):
    keras.utils.set_random_seed(0)
    layers = [keras.Input((3,)), keras.layers.Dense(units), keras.layers.Dense(1)]
    model = keras.Sequential(layers)
    model.compile("sgd", "mse", metrics=["mae"])
    return model
"""

KERAS_TUNER = """
import keras_tuner
space = dict(objective="val_loss", directory="trials", overwrite=True)

class Search(keras_tuner.HyperModel):
    def build(self, hp):
        return build(hp.Int("units", 1, 3))

    def fit(self, hp, model, *args, **kwargs):
        return model.fit(*args, batch_size=hp.Choice("batch_size", [16, 32]), **kwargs)

data = dict(epochs=2, validation_split=0.25, verbose=0)
for kind in ("RandomSearch", "BayesianOptimization", "GridSearch"):
    tuner = getattr(keras_tuner, kind)(Search(), max_trials=3, project_name=kind, **space)
    tuner.search(x, y, **data)
    best = tuner.get_best_hyperparameters()[0]
    (model,) = tuner.get_best_models()
    assert model.layers[0].units == best.get("units")
    losses = [trial.score for trial in tuner.oracle.trials.values()]
    assert len(losses) == 3 and min(losses) == tuner.oracle.get_best_trials()[0].score
    assert np.isclose(model.evaluate(x[48:], y[48:], verbose=0)[0], min(losses), rtol=1e-4)
tuner = keras_tuner.Hyperband(Search(), max_epochs=3, project_name="h", **space)
tuner.search(x, y, validation_split=0.25, verbose=0)
assert tuner.get_best_hyperparameters()
"""

MLFLOW = """
import mlflow
mlflow.set_tracking_uri("sqlite:///runs.db")
mlflow.set_experiment("minikeras")
model = build()
with mlflow.start_run() as run:
    history = model.fit(x, y, epochs=2, verbose=0, callbacks=[mlflow.keras.MlflowCallback()])
    logged = mlflow.keras.log_model(model, name="model", pip_requirements=[])
metrics = mlflow.get_run(run.info.run_id).data.metrics
assert np.isclose(metrics["mae"], history.history["mae"][-1])
back = mlflow.keras.load_model(logged.model_uri)
np.testing.assert_array_equal(back.predict(x, verbose=0), model.predict(x, verbose=0))
mlflow.keras.autolog(log_models=False)
with mlflow.start_run() as run:
    build().fit(x, y, epochs=2, verbose=0)
assert mlflow.get_run(run.info.run_id).data.params["epochs"] == "2"
"""

WANDB = """
import os, wandb
from wandb.integration.keras import WandbMetricsLogger, WandbModelCheckpoint
os.environ["WANDB_SILENT"] = "true"
logged = []
with wandb.init(mode="offline", project="minikeras") as run:
    write = wandb.log
    wandb.log = lambda logs: logged.append(logs) or write(logs)
    callbacks = [WandbMetricsLogger(), WandbModelCheckpoint("{epoch}.keras")]
    history = build().fit(x, y, epochs=2, verbose=0, validation_split=0.25, callbacks=callbacks)
    build().fit(x, y, verbose=0, callbacks=[WandbMetricsLogger(log_freq=1)])
assert [line["epoch/val_mae"] for line in logged[:2]] == history.history["val_mae"]
assert np.isclose(logged[0]["epoch/learning_rate"], 0.01)
assert [line["batch/batch_step"] for line in logged[2:4]] == [0, 1]
assert {"1.keras", "2.keras"} <= set(os.listdir())
"""


@pytest.mark.parametrize(
    "library, script", [("keras_tuner", KERAS_TUNER), ("mlflow", MLFLOW), ("wandb", WANDB)]
)
def test_a_library_runs(library, script, tmp_path):
    pytest.importorskip(library)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "minikeras", "-c", DATA + script],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
