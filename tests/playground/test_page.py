"""The page in a browser: it shows what was learnt, and the keyboard reaches and works every control."""

import pytest
from chromium import CTRL, PROGRAM, SHIFT, Page

from minikeras.playground.model_code import TEMPLATE

pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason="there is no Chromium"),
    pytest.mark.slow,  # a browser is large
]

READY = "document.readyState === 'complete' && page && state && $('code').value"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Page("about:blank", tmp_path_factory.mktemp("browser")) as browser:
        yield browser


@pytest.fixture
def page(browser, server):
    """The page as it is at first."""
    page = browser
    page.errors.clear()
    page.resize(1400)
    server.session.stop()  # what a test that failed left running
    server.session.do("data", name="moons", code=TEMPLATE)
    server.session.do("code", code=TEMPLATE, batch_size=32, seed=0)
    page.open("about:blank")
    page.open(server.address)
    page.wait_for(f"document.title === 'minikeras playground' && {READY}")
    yield page
    assert page.errors == []


def focused(page):
    return page.value("document.activeElement.id")


def go_to(page, control):
    """Press Tab until a control has the focus."""
    for _ in range(60):
        if focused(page) == control:
            return
        page.press("Tab")
    pytest.fail(f"Tab does not reach #{control}")


def change(page, control, keys, shows):
    """Work a control by keys, and wait until the page shows something."""
    go_to(page, control)
    for key in keys:
        if isinstance(key, tuple):
            page.press(*key)
        else:
            page.write(key)
    page.wait_for(shows)


ENTER, SPACE, DOWN, TAB = ("Enter",), ("Space",), ("ArrowDown",), ("Tab",)


def test_moons_are_learnt_to_99_percent_and_the_picture_shows_it(page):
    change(page, "speed", [("End",)], "$('speed').value === '0'")
    page.press("Tab", SHIFT)
    # To more than 0.99, since a point's pixel may lie on the other side of the border.
    change(page, "start", [ENTER], "state.epoch && state.last[3] >= 0.998")
    page.press("Enter")
    page.wait_for("!state.running && $('start').textContent === 'Start'")
    assert "accuracy" in page.value("$('now').textContent")
    assert "accuracy" in page.value("$('plane').getAttribute('aria-label')")
    right, of = page.value(
        """(() => {
          const points = examples.x.map((point, i) => [point, examples.y[i]]).slice(0, examples.training);
          const all = examples.x;
          examples.x = []; // the map alone
          drawPlane();
          examples.x = all;
          const canvas = $("plane");
          const { across, up } = frame(canvas.clientWidth, canvas.clientHeight);
          const to = canvas.getContext("2d");
          const palette = examples.labels.map((_, i) => rgb(colour(i)));
          const far = (a, b) => Math.hypot(...a.map((v, i) => v - b[i]));
          const right = points.filter(([[x, y], kind]) => {
            const pixel = [...to.getImageData(across(x), up(y), 1, 1).data].slice(0, 3);
            return palette.every((c, i) => i === kind || far(pixel, palette[kind]) < far(pixel, c));
          });
          drawPlane();
          return [right.length, points.length];
        })()"""
    )
    assert right >= 0.99 * of and of == 300
    # Points, curves and units are drawn, too.
    for canvas in ("plane", "loss", "accuracy", "net"):
        colours = page.value(
            f"""new Set(new Uint32Array($("{canvas}").getContext("2d").getImageData(
              0, 0, $("{canvas}").width, $("{canvas}").height).data.buffer)).size"""
        )
        assert colours > 10, canvas


def test_tab_reaches_every_control_and_each_has_a_name(page):
    change(page, "step", [ENTER], "!$('batch-box').hidden && $('values').rows.length")
    page.value("document.activeElement.blur(); window.getSelection().removeAllRanges()")
    reached = set()
    for _ in range(60):
        page.press("Tab")
        reached.add(
            page.value("(document.activeElement.id || document.activeElement.ariaLabel) ?? 'body'")
        )
    there = page.value(
        """[...document.querySelectorAll("button, select, input, textarea, [tabindex]")]
          .filter((e) => e.checkVisibility() && e.offsetParent).map((e) => e.id || e.ariaLabel)"""
    )
    assert len(there) > 25 and set(there) <= reached
    nameless = page.value(
        """[...document.querySelectorAll("button, select, input, textarea, [tabindex], canvas")]
          .filter((e) => !e.ariaLabel && !(e.labels || []).length)
          .filter((e) => e.tagName !== "BUTTON" || !e.textContent.trim())
          .map((e) => e.outerHTML)"""
    )
    assert nameless == []


def test_data_is_chosen_by_keyboard(page):
    change(page, "data", [DOWN], "examples.name === 'circles'")
    change(page, "points", ["100", TAB], "examples.count === 100")
    before = page.value("JSON.stringify(examples.x)")
    change(page, "noise", ["0.5", ENTER], f"JSON.stringify(examples.x) !== {before!r}")
    page.press("Tab", SHIFT)
    page.press("Tab", SHIFT)
    change(page, "data", [DOWN], "examples.name === 'spirals'")
    change(page, "classes", ["5", ENTER], "examples.labels.length === 5")
    assert 'Dense(5, activation="softmax")' in page.value("$('code').value")
    change(page, "points", ["5", ENTER], "!$('wrong-points').hidden")
    message = "Points must be a whole number from 20 to 20000. Received: 5"
    assert page.value("$('wrong-points').textContent") == message
    assert page.value("$('error').hidden && $('points').ariaInvalid === 'true'")


def test_the_model_is_changed_by_keyboard(page):
    code = "$('code').value"
    change(page, "units-1", ["12", ENTER], f"{code}.includes('Dense(12, activation=\"tanh\")')")
    assert focused(page) == "units-1"  # it stays where it was
    change(page, "activation-1", [DOWN], f"{code}.includes('Dense(12, activation=\"sigmoid\")')")
    change(page, "remove-2", [SPACE], "state.layers.length === 2")
    change(page, "kind", [DOWN], "$('kind').value === 'Dropout'")
    change(page, "add", [ENTER], f"{code}.includes('Dropout(0.2)') && state.layers.length === 3")
    change(page, "rate-2", ["0.5", ENTER], f"{code}.includes('Dropout(0.5)')")
    change(page, "optimizer", [DOWN], f"{code}.includes('optimizers.AdamW(')")
    change(page, "rate", ["0.5", ENTER], f"{code}.includes('learning_rate=0.5)')")
    run = page.value("state.run")
    change(page, "batch", ["300", ENTER], f"state.run > {run}")
    change(page, "seed", ["3", ENTER], f"state.run > {run} + 1")
    change(page, "code", [("End", CTRL)], "true")
    page.call("Input.insertText", text="\nprint('größer', 1 / 0)")
    change(page, "code", [("Enter", CTRL)], "state.error")
    assert page.value("$('error').textContent") == "Line 15: ZeroDivisionError: division by zero"
    assert page.value("$('lines').querySelector('b').textContent") == "15"
    change(page, "code", [TEMPLATE], "true")
    change(page, "use", [SPACE], "!state.error && $('error').hidden && state.layers.length === 3")


@pytest.mark.parametrize(
    ("text", "received"),
    [("-1", "-1"), ("99999999999", "99999999999"), ("1.5", "1.5"), ("e", "no number")],
)
def test_a_seed_that_cannot_be_used_is_refused_beside_its_field(page, text, received):
    run = page.value("state.run")
    change(page, "seed", [text, ENTER], "!$('wrong-seed').hidden")
    message = f"Seed must be a whole number from 0 to 4294967295. Received: {received}"
    assert page.value("$('wrong-seed').textContent") == message
    assert page.value("$('seed').ariaInvalid === 'true' && $('error').hidden && !state.error")
    assert page.value("$('seed').ariaDescribedByElements[0] === $('wrong-seed')")
    assert page.value("state.run") == run
    page.value("$('seed').value = ''")
    change(page, "seed", ["4", ENTER], f"state.run > {run}")
    assert page.value("$('wrong-seed').hidden && !$('seed').ariaInvalid")


def test_a_learning_rate_that_is_no_number_is_refused_beside_its_field(page):
    go_to(page, "rate")
    page.write("e")
    page.press("Enter")
    page.wait_for("!$('wrong-rate').hidden")
    assert page.value("$('wrong-rate').textContent").endswith("Received: no number")
    assert page.value("$('code').value") == TEMPLATE


def test_a_step_is_read_array_by_array(page):
    change(page, "step", [ENTER], "$('values').rows.length === 32")
    assert page.value("$('array').value") == "x"
    change(page, "after", [ENTER], "$('array-note').textContent.startsWith('y: 32 ')")
    change(page, "after", [ENTER], "$('array').value === 'dense/kernel before'")
    page.press("Tab", SHIFT)
    assert focused(page) == "before"
    change(page, "before", [SPACE], "$('array').value === 'y'")
    page.press("Tab", SHIFT)
    change(
        page, "array", [("End",)], "$('array-note').textContent.startsWith('dense_2/bias after')"
    )
    page.value("$('step').focus()")
    change(page, "step", [ENTER], "state.step === 2")
    change(page, "reset", [ENTER], "state.step === 0 && $('batch-box').hidden")


def test_stop_ends_code_that_never_ends(page):
    change(
        page, "code", ["while True:\n  pass", ("Enter", CTRL)], "$('start').textContent === 'Stop'"
    )
    assert page.value("$('now').textContent") == "The code is running …"
    page.value("$('start').focus()")
    change(page, "start", [ENTER], "!$('error').hidden && $('start').textContent === 'Start'")
    stopped = (
        r"/^Line [12]: Stopped\. “Use this code” runs it again\.$/.test($('error').textContent)"
    )
    assert page.value(stopped)
    # Neither other data nor another batch size runs it anew.
    page.value("$('data').focus()")
    change(page, "data", [DOWN], "examples.name === 'circles'")
    page.value("$('said').textContent = ''")
    change(page, "batch", ["16", TAB], "$('said').textContent === 'The code failed.'")
    assert page.value(f"{stopped} && $('start').textContent === 'Start'")


def test_a_file_of_ones_own(page, tmp_path):
    file = tmp_path / "table.csv"
    file.write_text("breite;höhe;<b>art</b>\n" + "1;2;<i>ja</i>\n3;4;nein\n" * 10, "utf-8")
    change(page, "data", [("End",)], "$('about').textContent.startsWith('Choose a file')")
    change(page, "file", [], "true")
    place = page.call("DOM.getDocument", depth=0)["root"]["nodeId"]
    node = page.call("DOM.querySelector", nodeId=place, selector="#file")["nodeId"]

    page.call("DOM.setFileInputFiles", nodeId=node, files=[str(file)])
    page.wait_for("examples.name === 'csv'")
    assert page.value("examples.labels") == ["<i>ja</i>", "nein"]
    assert page.value("document.querySelectorAll('#legend i').length") == 0  # text, not HTML
    assert page.value("$('about').textContent").startswith("15 examples to train on, 5 held out.")
    file.write_text("1;2;3;4\n" * 20)
    page.value("$('file').onclick()")  # a browser tells of the same file a second time only then
    page.call("DOM.setFileInputFiles", nodeId=node, files=[str(file)])
    page.wait_for("!$('error').hidden")
    assert page.value("$('error').textContent").startswith("Row 1 has 4 columns")


@pytest.mark.parametrize("width", [400, 1400])
def test_nothing_sticks_out(page, width):
    page.resize(width)
    change(page, "step", [ENTER], "$('values').rows.length === 32")
    assert page.value("document.documentElement.scrollWidth") <= width
    outside = page.value(
        """[...document.querySelectorAll("button, select, input, textarea, h2, section, canvas, label")]
          .filter((e) => e.checkVisibility() && !e.closest(".scroll")
            && e.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5)
          .map((e) => e.id || e.tagName)"""
    )
    assert outside == []


def test_a_server_that_has_ended_is_said(page):
    page.value("fetch = () => Promise.reject(new TypeError('Failed to fetch'))")
    change(page, "step", [ENTER], "!$('error').hidden")
    assert page.value("$('error').textContent") == "The server does not answer. Was it stopped?"
