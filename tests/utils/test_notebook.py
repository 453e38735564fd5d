"""Outputs of notebooks without one: a kernel is played, and what it would show is kept."""

import io
import re
import sys
import time
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

import minikeras
from minikeras.callbacks import CallbackList, History, LivePlot, ProgbarLogger
from minikeras.utils import notebook, progbar
from minikeras.utils.curves import MOST_POINTS, curve_panels
from minikeras.utils.notebook import EpochTable, Panel, shows_html, text_table
from minikeras.utils.terminal import is_kernels


class KernelStream(io.StringIO):
    """Looks like the standard output of a notebook's kernel."""

    def isatty(self):
        return True


KernelStream.__module__ = "ipykernel.iostream"


class Cell:
    """The outputs of a cell: for each, all that it showed one after the other."""

    def __init__(self):
        self.outputs = []

    def display(self, data, raw, display_id):
        assert raw and display_id
        shown = [data]
        self.outputs.append(shown)
        return SimpleNamespace(update=lambda data, raw: shown.append(data))

    def last(self, which=-1):
        return self.outputs[which][-1]["text/html"]


@pytest.fixture
def cell(monkeypatch):
    made = Cell()
    ipython, display = ModuleType("IPython"), ModuleType("IPython.display")
    ipython.get_ipython = lambda: SimpleNamespace(kernel=object())
    display.display = made.display
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    # Not by another sys.stdout: pytest puts its own there before the test begins.
    monkeypatch.setattr(notebook, "is_kernels", lambda stream: True)
    monkeypatch.setattr(progbar, "is_live", lambda stream: True)
    return made


@pytest.fixture
def now(monkeypatch):
    time_of = [1000.0]
    monkeypatch.setattr(time, "time", lambda: time_of[0])
    monkeypatch.setattr(time, "monotonic", lambda: time_of[0])
    return time_of


def test_ipython_is_not_imported(monkeypatch):
    monkeypatch.setattr(sys, "stdout", KernelStream())
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert not shows_html()
    assert "IPython" not in sys.modules


def test_shows_html_only_where_output_goes_to_a_kernel(cell, monkeypatch):
    monkeypatch.setattr(notebook, "is_kernels", is_kernels)
    monkeypatch.setattr(sys, "stdout", KernelStream())
    assert shows_html()
    ipython = sys.modules["IPython"]
    with monkeypatch.context() as patch:
        patch.setattr(ipython, "get_ipython", lambda: SimpleNamespace())  # IPython in a terminal
        assert not shows_html()
        patch.setattr(ipython, "get_ipython", lambda: None)  # imported by a library
        assert not shows_html()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", io.StringIO())
        assert not shows_html()
    minikeras.config.disable_interactive_logging()
    try:
        assert not shows_html()
    finally:
        minikeras.config.enable_interactive_logging()


def test_a_panel_changes_in_place(cell):
    panel = Panel()
    for i in range(3):
        panel.show(f"<b>{i}</b>", str(i))
    (shown,) = cell.outputs
    assert [data["text/plain"] for data in shown] == ["0", "1", "2"]
    assert "<b>2</b>" in cell.last() and "<style>" in cell.last()


def test_a_training_draws_one_table_at_most_five_times_a_second(cell, now, capsys):
    callbacks = CallbackList(ProgbarLogger(), verbose=1, epochs=3, steps=4)
    callbacks.on_train_begin()
    for epoch in range(3):
        callbacks.on_epoch_begin(epoch)
        for step in range(4):
            now[0] += 0.1
            callbacks.on_train_batch_end(step, {"loss": 1.0 / (step + 1)})
        callbacks.on_epoch_end(epoch, {"loss": 0.25, "val_loss": 1e-5})
    callbacks.on_train_end()
    (shown,) = cell.outputs
    assert len(shown) == 3 * 2 + 1  # two bars an epoch, and the end
    assert "Epoch 1/3 2/4" in shown[0]["text/html"] and "width:50.0%" in shown[0]["text/html"]
    assert "loss: 0.5000" in shown[0]["text/plain"]
    assert "Epoch" not in shown[-1]["text/html"] and "progressbar" not in shown[-1]["text/html"]
    assert shown[-1]["text/plain"].splitlines()[1].split() == [
        *("1", "0.2500", "1.0000e-05", "0s", "100ms/step")
    ]
    assert capsys.readouterr().out == ""


def test_what_a_metric_is_called_is_escaped(cell, now):
    table = EpochTable(1)
    table.begin(0).show("<div>bar</div>", "bar")
    table.add({"<b>": np.array([1.0, 3.0])}, "0s", "1ms/step")
    table.finish("a & b")
    html = cell.last()
    assert "&lt;b&gt;" in html and "<b>" not in html
    assert "2.0000" in html and "a &amp; b" in html and "bar</div>" not in html


def test_long_tables_send_only_their_last_rows(cell, now, monkeypatch):
    monkeypatch.setattr(notebook, "MOST_ROWS", 3)
    table = EpochTable(10)
    for epoch in range(5):
        table.begin(epoch)
        table.add({"loss": 1.0}, "0s", "1ms/step")
    assert cell.outputs == []  # no time has passed
    table.finish()
    lines = cell.outputs[0][-1]["text/plain"].splitlines()
    assert lines[0] == "... 2 earlier epochs are in the history"
    assert [line.split()[0] for line in lines[2:]] == ["3", "4", "5"]


def test_text_table():
    assert text_table(["a", "loss"], [[10, "0.5"]]) == " a  loss\n10   0.5\n"


def live(cell, now, callback, epochs=2, steps=None):
    callbacks = CallbackList(callback, verbose=0, epochs=epochs, steps=steps)
    callbacks.on_train_begin()
    for epoch in range(epochs):
        callbacks.on_epoch_begin(epoch)
        for step in range(2):
            now[0] += 0.4
            callbacks.on_train_batch_end(step, {"loss": 4.0, "acc": 0.5})
        callbacks.on_epoch_end(epoch, {"loss": 2.0 - epoch, "acc": 0.5, "val_loss": 3.0 - epoch})
    callbacks.on_train_end()
    return cell.outputs


def test_live_plot_draws_one_picture_that_grows(cell, now):
    (shown,) = live(cell, now, LivePlot())
    # After 0.8 s within the first epoch, after 1.6 s within the second, and at the end.
    assert [data["text/plain"] for data in shown] == [
        "acc: 0.5, loss: 4",
        "acc: 0.5, loss: 4, val_loss: 3",
        "acc: 0.5, loss: 1, val_loss: 2",
    ]
    html = shown[-1]["text/html"]
    assert html.count("<svg") == 2
    assert html.count("stroke-dasharray") == 3


def test_live_plot_of_chosen_metrics(cell, now):
    (shown,) = live(cell, now, LivePlot("loss"))
    assert shown[-1]["text/plain"] == "loss: 1, val_loss: 2"
    assert shown[-1]["text/html"].count("<svg") == 1
    assert live(cell, now, LivePlot(["f1"]))[1:] == []  # nothing to draw: no output


def test_live_plot_elsewhere_warns_and_costs_nothing():
    plot = LivePlot()
    with pytest.warns(UserWarning, match="LivePlot draws in notebooks only"):
        plot.on_train_begin()
    assert not CallbackList(plot).wants_train_batches
    plot.on_epoch_end(0, {"loss": 1.0})
    plot.on_train_end()


def test_live_plot_shows_what_there_was_when_training_fails(cell, now):
    plot = LivePlot()
    plot.on_train_begin()
    plot.on_epoch_begin(0)
    plot.on_epoch_end(0, {"loss": 1.0})
    plot.on_train_abort()
    assert "loss" in cell.last()


def test_live_plot_goes_on_with_its_curves_in_a_training_that_is_taken_up_again(cell, now):
    plot = LivePlot()
    plot.on_train_begin()
    plot.on_epoch_end(0, {"loss": 2.0})
    state = plot.get_state()
    again = LivePlot()
    again.on_train_begin()
    again.set_state(state)
    again.on_epoch_end(1, {"loss": 1.0})
    again.on_train_end()
    assert "<path" in cell.last() and cell.outputs[-1][-1]["text/plain"] == "loss: 1"


def test_curves_leave_gaps_and_show_lonely_points():
    nan = float("nan")
    html = curve_panels({"loss": [(1, 1.0), (2, nan), (3, 2.0), (4, 3.0)], "val_loss": [(2, 1.5)]})
    assert html.count("<svg") == 1
    assert html.count("<circle") == 2  # epoch 1, and the one of the validation
    assert html.count('stroke-dasharray="none"') == 1
    assert "nan" not in html.split("</text>", 1)[1]
    assert "nan" in curve_panels({"loss": [(1, nan)]})  # all that is known of it


def test_curves_of_many_points_are_thinned_and_keep_the_last():
    html = curve_panels({"loss": [(i, float(i)) for i in range(10 * MOST_POINTS)]})
    path = html.split("<path")[2]
    assert path.count("L") == MOST_POINTS - 1
    assert "252.0 22.0" in path  # the upper right corner


def test_curves_over_a_wide_range_are_logarithmic():
    def height(values):
        html = curve_panels({"loss": [(i, v) for i, v in enumerate(values)]})
        return [float(p.split()[1]) for p in re.findall(r'd="M([\d. L]+)"', html)[0].split("L")]

    assert height([100.0, 10.0, 1.0]) == [22.0, 76.0, 130.0]
    assert height([19.0, 10.0, 1.0]) == [22.0, 76.0, 130.0]
    assert height([100.0, 0.0, -100.0]) == [22.0, 76.0, 130.0]


def test_curves_escape_names():
    assert "<img" not in curve_panels({"<img src=x>": [(1, 1.0)]})


def test_history_as_html():
    history = History()
    assert "no epochs yet" in history._repr_html_()
    history.on_train_begin()
    history.on_epoch_end(0, {"loss": 0.5, "<b>": 1.0})
    history.on_epoch_end(1, {"loss": 0.25, "<b>": 1.0, "val_loss": 2.0})
    html = history._repr_html_()
    assert html.count("<svg") == 2 and "2 epochs" in html and "<b>&lt;" not in html
    assert "<td>1</td><td>0.5000</td><td>1.0000</td><td>-</td>" in html
    history = History()
    history.history = {"loss": [1.0, 2.0]}  # filled by hand, as some do
    assert "<td>2</td><td>2.0000</td>" in history._repr_html_()


def test_summary_in_a_notebook_is_a_table(cell, capsys):
    model = minikeras.Sequential(
        [minikeras.Input((2,)), minikeras.layers.Dense(3, name="<d>")], name="m"
    )
    model.summary()
    ((data,),) = cell.outputs
    assert '<td class="l">&lt;d&gt; (Dense)</td>' in data["text/html"]
    assert "Total params: 9 (36.00 B)" in data["text/html"]
    parts = []
    model.summary(print_fn=parts.append)  # goes to the function, as text
    assert data["text/plain"] == parts[0]
    assert len(cell.outputs) == 1 and capsys.readouterr().out == ""
