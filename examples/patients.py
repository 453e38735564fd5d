"""Predict a risk from a table of numbers, categories and texts: `FeatureSpace` and a logistic regression.

    pip install "minikeras-numpy[plot,io]"
    python examples/patients.py

The table of patients is generated, so the true risk of each is known: it depends on age and blood
pressure, on cholesterol (too little is as bad as too much), on the kind of pain, on the clinic, and
on the medicine, which helps men and harms women. Three spaces of features are compared on patients
held out from training: numbers as they are; all columns, each encoded in its way; and the cross of
sex and medicine with them, without which a linear model cannot tell whom the medicine helps. The
last model is then put behind the raw columns, saved, loaded, and asked about one patient. Writes
patients.png: the learning curves, and the predicted risks beside the true ones.

The picture needs matplotlib, the file of the model h5py.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np

import minikeras
from minikeras import layers
from minikeras.data import Dataset
from minikeras.utils import FeatureSpace

PAINS = {"none": -1.0, "typical": 1.2, "atypical": 0.2, "other": -0.2}
CLINICS = {f"clinic {name}": effect for name, effect in zip("ABCDEFGH", np.linspace(-0.8, 0.8, 8))}


def make_patients(n, rng):
    """Generate a table of `n` patients, as a dict of columns, and the true risk of each."""
    table = {
        "age": rng.uniform(30, 80, n).round(),
        "pressure": rng.normal(130, 18, n).round(),
        "cholesterol": rng.normal(220, 45, n).round(),
        "pain": rng.choice(list(PAINS), n),
        "clinic": rng.choice(list(CLINICS), n),
        "sex": rng.choice(["f", "m"], n),
        "medicine": rng.integers(0, 3, n),  # 0 for none
    }
    effect = np.array([0.0, 1.5, 2.5])[table["medicine"]]
    score = (
        0.5 * (table["age"] - 55) / 15
        + 0.7 * (table["pressure"] - 130) / 18
        + 1.5 * (np.abs(table["cholesterol"] - 220) / 45 - 0.8)
        + np.array([PAINS[pain] for pain in table["pain"]])
        + np.array([CLINICS[clinic] for clinic in table["clinic"]])
        + np.where(table["sex"] == "m", -effect, effect)
    )
    return table, 1 / (1 + np.exp(-score))


def make_space(name):
    """Give one of the three spaces of features."""
    if name == "numbers":
        return FeatureSpace(dict.fromkeys(["age", "pressure", "cholesterol"], "float_normalized"))
    cross = FeatureSpace.cross(("sex", "medicine"), crossing_dim=32)
    return FeatureSpace(
        {
            "age": "float_normalized",
            "pressure": "float_normalized",
            "cholesterol": FeatureSpace.float_discretized(num_bins=16),
            "pain": "string_categorical",
            "clinic": FeatureSpace.string_hashed(num_bins=64),  # no list of clinics is needed
            "sex": FeatureSpace.string_categorical(num_oov_indices=0),
            "medicine": FeatureSpace.integer_categorical(num_oov_indices=0),
        },
        crosses=[cross] if name == "with a cross" else None,
    )


def train(space, table, sick, epochs):
    """Adapt a space to a table and fit a logistic regression on what it gives.

    Returns:
        The model of encoded features, one of raw columns with the same weights, and the history.
    """
    table = {name: table[name] for name in space.features}
    space.adapt(table)
    features = space.get_encoded_features()
    risk = layers.Dense(1, activation="sigmoid")(features)
    model = minikeras.Model(features, risk)
    model.compile(minikeras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["AUC"])

    # Encoded once, while the pipeline runs, and kept for the epochs to come.
    rows = Dataset.from_tensor_slices((table, sick)).batch(64)
    encoded = rows.map(lambda x, y: (space(x), y)).cache()
    n = len(rows) // 5
    history = model.fit(
        encoded.skip(n).shuffle(1000), validation_data=encoded.take(n), epochs=epochs, verbose=0
    )
    return model, minikeras.Model(space.get_inputs(), risk), history.history


def ask_saved(model, patient):
    """Save a model of raw columns, load it, and give what it says of one patient."""
    columns = {name: np.array([[value]]) for name, value in patient.items()}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "patients.keras"
        model.save(path)
        loaded = minikeras.saving.load_model(path)
    return float(loaded.predict(columns, verbose=0)[0, 0])


def plot(histories, risk, predicted, path):
    """Draw the loss by epoch on validation data, and predicted risks beside the true ones."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    plt.style.use("seaborn-v0_8-colorblind")  # colours that colour-blind people tell apart

    fig, (curves, *axes) = plt.subplots(
        1, 1 + len(predicted), figsize=(14, 3.8), layout="constrained"
    )
    for name, history in histories.items():
        curves.plot(history["val_loss"], label=name)
    curves.set(title="Crossentropy on validation data", xlabel="epoch")
    curves.legend()
    for i, (ax, (name, guess)) in enumerate(zip(axes, predicted.items())):
        ax.plot(risk[:1000], guess[:1000], ".", markersize=3, alpha=0.5, color=f"C{i}")
        ax.plot([0, 1], [0, 1], color="grey", linewidth=1)
        ax.set(title=name, xlabel="true risk", ylabel="predicted risk", aspect="equal")
    fig.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--patients", type=int, default=8000, help="patients to train on")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--picture", default="patients.png", metavar="FILE")
    parser.add_argument(
        "--target", type=float, default=0.01, help="AUC that the last model may lack to the best"
    )
    args = parser.parse_args()

    minikeras.utils.set_random_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    table, risk = make_patients(args.patients, rng)
    sick = rng.binomial(1, risk).astype("float32")
    test, test_risk = make_patients(4000, rng)
    test_sick = rng.binomial(1, test_risk)

    area = minikeras.metrics.AUC(num_thresholds=1000)
    scores, predicted, histories = {}, {}, {}

    def score(name, guess):
        area.reset_state()
        area.update_state(test_sick, guess)
        loss = minikeras.losses.binary_crossentropy(test_sick.astype("float32"), guess)
        scores[name] = float(area.result())
        print(f"{name:16} {float(loss):12.4f} {scores[name]:8.4f}")

    print("features         crossentropy      AUC, of 4000 held-out patients")
    for name in ("numbers", "all columns", "with a cross"):
        space = make_space(name)
        model, raw_model, histories[name] = train(space, table, sick, args.epochs)
        rows = {column: test[column] for column in space.features}
        predicted[name] = model.predict(space(rows), verbose=0)[:, 0]
        score(name, predicted[name])
    score("true risk", test_risk.astype("float32"))

    patient = {name: column[0].item() for name, column in test.items()}
    print(f"\none patient: {patient}")
    print(f"true risk {test_risk[0]:.3f}, predicted {predicted['with a cross'][0]:.3f}")
    try:
        print(f"by the model that was saved and loaded: {ask_saved(raw_model, patient):.3f}")
    except ImportError:
        print(
            'no file of the model: h5py is missing, `pip install "minikeras-numpy[io]"` brings it'
        )
    try:
        plot(histories, test_risk, predicted, args.picture)
        print(f"learning curves and risks: {args.picture}")
    except ImportError:
        print('no picture: matplotlib is missing, `pip install "minikeras-numpy[plot]"` brings it')

    lacking = scores["true risk"] - scores["with a cross"]
    print(f"the last model lacks {lacking:.4f} of the best AUC there is")
    if lacking > args.target:
        sys.exit(f"{lacking:.4f} is above {args.target}")


if __name__ == "__main__":
    main()
