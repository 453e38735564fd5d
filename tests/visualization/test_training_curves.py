"""Pictures of a training: what is drawn where, checked on matplotlib's objects."""

import numpy as np
import pytest

import minikeras
from minikeras.callbacks import History
from minikeras.visualization import plot_history, plot_loss_accuracy

plt = pytest.importorskip("matplotlib.pyplot")


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def curve(ax, label):
    (line,) = [line for line in ax.lines if line.get_label() == label]
    return line.get_xdata().tolist(), line.get_ydata().tolist()


def two_classes(n=60):
    x, y = minikeras.datasets.make_moons(n, noise=0.1, random_state=0)
    model = minikeras.Sequential([minikeras.layers.Dense(1, activation="sigmoid")])
    model.compile("sgd", "binary_crossentropy", metrics=["accuracy", "mse"])
    return model, x, y


HISTORY = {
    "mae": [3.0, 2.0],
    "loss": [1.0, 0.5],
    "accuracy": [0.5, 0.75],
    "val_loss": [1.5, 1.25],
    "val_accuracy": [0.25, 0.5],
}


def test_each_metric_has_a_panel_with_training_and_validation():
    loss, mae, accuracy = plot_history(HISTORY)
    assert curve(loss, "training") == ([1, 2], [1.0, 0.5])
    assert curve(loss, "validation") == ([1, 2], [1.5, 1.25])
    assert loss.get_title() == "Loss: 0.5 (validation: 1.25)"
    assert mae.get_title() == "Mae: 2" and mae.get_legend() is None
    assert curve(accuracy, "validation") == ([1, 2], [0.25, 0.5])


def test_metrics_are_chosen_by_name():
    (ax,) = plot_history(HISTORY, "mae")
    assert curve(ax, "training") == ([1, 2], [3.0, 2.0])
    assert [a.get_title()[:3] for a in plot_history(HISTORY, ["accuracy", "loss"])] == [
        "Acc",
        "Los",
    ]
    with pytest.raises(ValueError, match=r"'f1' was not recorded. Recorded: \['loss', 'mae', 'acc"):
        plot_history(HISTORY, ["loss", "f1"])


@pytest.mark.parametrize("name", ["acc", "accuracy", "binary_accuracy", "head_acc"])
def test_loss_and_accuracy_under_any_of_its_names(name):
    loss, accuracy = plot_loss_accuracy({"loss": [2.0, 1.0], "mae": [0, 0], name: [0.5, 0.875]})
    assert loss.get_title() == "Loss: 1"
    assert accuracy.get_title().endswith(": 0.875")


def test_a_fit_with_validation_and_the_boundary():
    model, x, y = two_classes()
    history = model.fit(x, y, epochs=3, validation_split=0.2, verbose=0)
    axes = plot_loss_accuracy(history, model, x, y)
    assert len(axes) == 3
    assert curve(axes[0], "validation") == ([1, 2, 3], history.history["val_loss"])
    assert curve(axes[1], "training") == ([1, 2, 3], history.history["accuracy"])
    assert axes[2].get_title() == "Decision boundary"
    axes[0].figure.canvas.draw()


def test_validations_stand_at_their_epochs():
    model, x, y = two_classes()
    history = model.fit(
        x, y, epochs=7, validation_data=(x, y), validation_freq=[2, 3, 7], verbose=0
    )
    loss, _ = plot_loss_accuracy(history)
    assert curve(loss, "validation")[0] == [2, 3, 7]
    assert curve(loss, "training")[0] == [1, 2, 3, 4, 5, 6, 7]


def test_a_second_training_goes_on_where_the_first_ended():
    model, x, y = two_classes()
    kept = History()
    model.fit(x, y, epochs=2, verbose=0, callbacks=[kept])
    model.fit(x, y, epochs=2, verbose=0, callbacks=[kept])
    model.fit(x, y, epochs=7, initial_epoch=5, verbose=0, callbacks=[kept])
    assert curve(plot_loss_accuracy(kept)[0], "training")[0] == [1, 2, 3, 4, 6, 7]


def test_the_scale_is_logarithmic_where_a_curve_falls_far():
    falling, level, negative = plot_history(
        {"loss": [1.0, 0.1, 0.01], "mae": [1.0, 0.9, 0.8], "elbo": [-1.0, 10.0, 100.0]}
    )
    assert falling.get_yscale() == "log"
    assert level.get_yscale() == negative.get_yscale() == "linear"


def test_a_single_epoch_and_gaps_can_be_seen():
    (ax,) = plot_history({"loss": [0.5]})
    assert ax.lines[0].get_marker() == "o"
    (ax,) = plot_history({"loss": [1.0, np.nan] * 30})
    assert ax.lines[0].get_marker() == "o"
    (ax,) = plot_history({"loss": np.linspace(1, 0.5, 60)})
    assert ax.lines[0].get_marker() != "o"


def test_the_legend_hides_nothing():
    for ax in plot_history(HISTORY):
        ax.figure.canvas.draw()
        if ax.get_legend() is not None:
            legend = ax.get_legend().get_window_extent()
            assert not legend.overlaps(ax.bbox)
            assert not legend.overlaps(ax.title.get_window_extent())


def test_titles_of_narrow_panels_do_not_meet():
    figure, axes = plt.subplots(1, 2, figsize=(6, 2.6), layout="constrained")
    plot_loss_accuracy(HISTORY, axes=axes)
    figure.canvas.draw()
    left, right = (ax.title.get_window_extent() for ax in axes)
    assert left.x1 < right.x0 and right.x1 < figure.bbox.x1


def test_part_of_a_figure():
    from minikeras.visualization.style import background

    with plt.style.context("dark_background"):
        left, _ = plt.figure(figsize=(9, 3)).subfigures(1, 2)
        loss, accuracy = plot_loss_accuracy(HISTORY, axes=left.subplots(1, 2))
        assert "\n" in loss.get_title()
        accuracy.set_facecolor("none")
        assert background(accuracy).max() == 0


def test_given_axes_are_drawn_in_and_nothing_else_is_opened():
    figure, axes = plt.subplots(2, 1)
    drawn = plot_loss_accuracy(HISTORY, axes=axes)
    assert [a is b for a, b in zip(drawn, axes)] == [True, True]
    (ax,) = plot_history(HISTORY, "mae", axes=axes[0])
    assert ax is axes[0]
    assert plt.get_fignums() == [figure.number]
    with pytest.raises(ValueError, match="`axes` must be 2 matplotlib Axes"):
        plot_loss_accuracy(HISTORY, axes=axes[0])
    with pytest.raises(ValueError, match="Received: 2 of type int"):
        plot_loss_accuracy(HISTORY, axes=[1, 2])


@pytest.mark.parametrize("style", ["default", "dark_background", "ggplot"])
def test_lines_stand_out_from_the_background(style):
    from minikeras.visualization.style import background, brightness, colours

    with plt.style.context(style):
        ax = plot_history(HISTORY, "loss")[0]
        for line in ax.lines:
            colour = plt.matplotlib.colors.to_rgb(line.get_color())
            assert abs(brightness(colour) - brightness(background(ax))) > 0.3
        for count in (5, 12, 30):
            far = brightness(colours(ax, count)) - brightness(background(ax))
            assert np.abs(far).min() > 0.2


@pytest.mark.parametrize("history", [{}, {"loss": []}, History()])
def test_no_epoch(history):
    with pytest.raises(ValueError, match="holds no epoch"):
        plot_loss_accuracy(history)


def test_what_is_no_history():
    with pytest.raises(TypeError, match="must be what `fit` returned.*Received: list"):
        plot_history([1.0, 0.5])


def test_model_and_points_go_together():
    model, x, _ = two_classes()
    with pytest.raises(ValueError, match=r"takes all three.*Received: \['model', 'X'\] only"):
        plot_loss_accuracy(HISTORY, model, x)
