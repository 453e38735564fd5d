"use strict";
// The page of the playground: asks the server for what there is, and draws it.

const $ = (id) => document.getElementById(id);
const MOST_CELLS = 20000; // of an array that are shown
const FIELDS = { batch_size: "batch", seed: "seed", points: "points", noise: "noise", classes: "classes", learning_rate: "rate" };
const MARKS = ["●", "■", "▲", "◆", "▼", "★", "✚"];
let page = null; // what is asked for once: choices, code
let examples = null;
let state = null;
let table = ""; // text of the file that was chosen
let looking = 0; // the timer of the next look at the state
let waiting = 0; // how many requests have been waiting for long: code of the page's runs
let refused = null; // what went wrong with the last command

// ---- the server ----

async function send(path, body) {
  const options = body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  let reply;
  try {
    reply = await fetch(path, options);
  } catch {
    throw new Error("The server does not answer. Was it stopped?");
  }
  return [reply, await reply.json()];
}

// Ask, and ask again while code of the page's runs. A command is carried out all the same: what came
// of it is in the answer to "page".
async function ask(path, body) {
  let long = false;
  const timer = setTimeout(() => { long = true; waiting += 1; showRunning(); }, 400);
  try {
    let [reply, answer] = await send(path, body);
    while (reply.status === 503) [reply, answer] = await send(body ? "page" : path);
    if (!reply.ok) throw Object.assign(new Error(answer.message), { field: answer.field });
    return answer;
  } finally {
    clearTimeout(timer);
    if (long) { waiting -= 1; showRunning(); }
  }
}

// Run what a control asks for; whatever goes wrong is said on the page.
function doing(work) {
  return async (event) => {
    refused = null;
    try {
      await work(event);
    } catch (error) {
      refused = { message: error.message, field: FIELDS[error.field] };
      showErrors();
    }
  };
}

async function look() {
  clearTimeout(looking);
  try {
    state = await ask("state");
  } catch (error) {
    refused = { message: error.message };
    return showErrors();
  }
  if (!document.hidden) draw();
  if (state.running) looking = setTimeout(look, document.hidden ? 5000 : 100);
}

// Show what a command changed; `sent` is the code that it was given.
function took(answer, sent) {
  // What was typed meanwhile stays.
  if (answer.code !== undefined && $("code").value === sent) $("code").value = answer.code;
  if (answer.examples) { examples = answer.examples; showData(); }
  if (answer.outline) showOutline(answer.outline);
  return look();
}

// ---- controls ----

function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

function fill(select, values, names = values) {
  select.replaceChildren(...values.map((value, i) => make("option", { value, textContent: names[i] })));
}

// Show a value in a select, also one that is not among its choices.
function choose(select, value) {
  if (![...select.options].some((o) => o.value === value)) select.append(make("option", { value, textContent: value }));
  select.value = value;
}

function say(text) { $("said").textContent = text; }

function showError(error) {
  const text = error ? (error.line ? `Line ${error.line}: ` : "") + error.message : "";
  if ($("error").textContent !== text) $("error").textContent = text;
  $("error").hidden = !error;
  numberLines(error && error.line);
}

// What a field holds that cannot be used is said beside it, all else above the page.
function showErrors() {
  const field = refused && refused.field;
  for (const id of Object.values(FIELDS)) {
    const note = $(`wrong-${id}`);
    if (id === field && note.textContent !== refused.message) note.textContent = refused.message;
    note.hidden = id !== field;
    if (id === field) $(id).setAttribute("aria-invalid", "true");
    else $(id).removeAttribute("aria-invalid");
  }
  showError((!field && refused) || (state && state.error));
}

// The number in a field; "" if there is none, which the server refuses.
const number = (id) => ($(id).value === "" ? "" : Number($(id).value));

function numberLines(bad) {
  const count = $("code").value.split("\n").length;
  const key = `${count}:${bad}`;
  if ($("lines").dataset.key === key) return;
  $("lines").dataset.key = key;
  const pieces = [];
  for (let i = 1; i <= count; i++) pieces.push(i === bad ? make("b", { textContent: i }) : `${i}\n`);
  $("lines").replaceChildren(...pieces);
}

const edit = (action, more) => doing(async () => {
  const code = $("code").value;
  await took(await ask("edit", { code, action, ...more() }), code);
});

// The first button starts what rests and stops what runs.
function showRunning() {
  $("start").textContent = waiting || (state && state.running) ? "Stop" : "Start";
  if (waiting) $("now").textContent = "The code is running …";
}

function showOutline(outline) {
  $("why").textContent = outline.why || "";
  $("controls").hidden = Boolean(outline.why);
  if (outline.why) return;
  const focused = document.activeElement && document.activeElement.id;
  $("layers").replaceChildren(...outline.layers.map((layer, at) => {
    const row = make("li", {}, make("b", { textContent: layer.kind }));
    const changed = (argument, read) => edit("set_argument", () => ({ at, argument, value: read() }));
    for (const [argument, value] of Object.entries(layer)) {
      if (argument === "kind" || (value === null && argument !== "activation")) continue;
      const field = make(argument === "activation" ? "select" : "input", { id: `${argument}-${at}` });
      field.setAttribute("aria-label", `${argument} of layer ${at}, ${layer.kind}`);
      if (argument === "activation") {
        fill(field, page.activations);
        choose(field, value || "linear");
        field.onchange = changed(argument, () => field.value);
      } else {
        const whole = argument === "units";
        Object.assign(field, { type: "number", value, min: whole ? 1 : 0, step: whole ? 1 : 0.05 });
        field.onchange = changed(argument, () => Number(field.value));
      }
      row.append(make("label", {}, `${argument} `, field));
    }
    if (layer.kind !== "Input" && at < outline.layers.length - 1) {
      const remove = make("button", { textContent: "Remove", id: `remove-${at}` });
      remove.setAttribute("aria-label", `Remove layer ${at}, ${layer.kind}`);
      remove.onclick = edit("remove", () => ({ at }));
      row.append(remove);
    }
    return row;
  }));
  choose($("optimizer"), outline.optimizer);
  $("rate").value = outline.learning_rate ?? "";
  $("add").dataset.at = outline.layers.length - 1;
  if (focused && $(focused)) $(focused).focus();
}

// Show what there is to choose for a kind of data.
function showChoices(name) {
  for (const label of document.querySelectorAll(".made")) label.hidden = name === "digits" || name === "csv";
  for (const label of document.querySelectorAll(".many")) label.hidden = name !== "spirals" && name !== "blobs";
  for (const label of document.querySelectorAll(".file")) label.hidden = name !== "csv";
}

function showData() {
  showChoices($("data").value);
  const scaled = examples.name === "csv" ? " Features are scaled to mean 0 and deviation 1." : "";
  $("about").textContent = `${examples.training} examples to train on, ${examples.count - examples.training} held out.${scaled}`;
  $("h-plane").textContent = examples.plane ? "Decision boundary" : "Predictions";
  const marked = examples.labels.map((label, i) => {
    const mark = make("span", { textContent: `${MARKS[i % 7]} ${label}` });
    mark.style.color = colour(i);
    return mark;
  });
  const held = "Filled: trained on. Hollow: held out.";
  $("legend").replaceChildren(...(examples.plane ? [...marked, held] : ["Held out images, what the model says, and ✗ where it is wrong."]));
}

const chooseData = doing(async () => {
  const name = $("data").value;
  if (name === "csv" && !table) {
    showChoices(name);
    $("about").textContent = "Choose a file: two columns of numbers and one of labels, with or without names.";
    return;
  }
  const choice = { name, points: number("points"), noise: number("noise"), classes: number("classes") };
  const code = $("code").value;
  await took(await ask("data", { ...choice, text: name === "csv" ? table : "", code }), code);
});

// "code" runs the code whatever it is; with "settings" code that had to be stopped waits.
const use = (command) => doing(async () => {
  const body = { code: $("code").value, batch_size: number("batch"), seed: number("seed") };
  await took(await ask(command, body), body.code);
  say(state.error ? "The code failed." : "The code is used.");
});
const useCode = use("code");

const start = doing(async () => {
  const running = waiting || (state && state.running);
  if (running) {
    const { stopped } = await ask("stop", {});
    if (!stopped) throw new Error("The code waits for something and cannot be stopped from here. Press Ctrl-C in the server's terminal.");
  } else await ask("start", { speed: Number($("speed").value) });
  say(running ? "Stopped." : "Training.");
  await look();
});

const step = doing(async () => {
  await ask("step", {});
  await look();
  say(`Batch ${state.step} was trained on.`);
  await showArray();
});

// ---- pictures ----

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const colour = (i) => css(`--c${i % 7}`);

function rgb(text) {
  const hex = text.length === 4 ? [...text.slice(1)].map((c) => c + c).join("") : text.slice(1);
  return [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16));
}

const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

// A canvas with as many pixels as the screen has there.
function surface(canvas) {
  const scale = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  canvas.width = width * scale;
  canvas.height = height * scale;
  const to = canvas.getContext("2d");
  to.scale(scale, scale);
  to.font = "12px system-ui, sans-serif";
  return [to, width, height];
}

// A small picture whose pixels a function colours; its first row is the lowest.
function picture(steps, shade) {
  const small = make("canvas", { width: steps, height: steps });
  const to = small.getContext("2d");
  const image = to.createImageData(steps, steps);
  for (let i = 0; i < steps * steps; i++) {
    const at = 4 * ((steps - 1 - Math.floor(i / steps)) * steps + (i % steps));
    image.data.set([...shade(i), 255], at);
  }
  to.putImageData(image, 0, 0);
  return small;
}

const mix = (from, to, part) => from.map((c, i) => c + part * (to[i] - c));

function mark(to, kind, x, y, r) {
  to.beginPath();
  if (kind % 7 === 0) to.arc(x, y, r, 0, 7);
  else {
    const corners = [4, 4, 3, 4, 3, 5, 6][kind % 7];
    const turn = [0, Math.PI / 4, -Math.PI / 2, 0, Math.PI / 2, -Math.PI / 2, 0][kind % 7];
    for (let i = 0; i < corners; i++) to.lineTo(x + 1.25 * r * Math.cos(turn + (2 * Math.PI * i) / corners), y + 1.25 * r * Math.sin(turn + (2 * Math.PI * i) / corners));
    to.closePath();
  }
}

// The frame of the plane in a picture of a size, and where coordinates lie in it.
function frame(width, height) {
  const [left, right, top, bottom] = [48, width - 4, 4, height - 22];
  const part = (v, axis) => (v - examples.low[axis]) / (examples.high[axis] - examples.low[axis]);
  const across = (x) => left + part(x, 0) * (right - left);
  const up = (y) => bottom - part(y, 1) * (bottom - top);
  return { left, right, top, bottom, across, up };
}

function drawPlane() {
  const [to, width, height] = surface($("plane"));
  if (!examples.plane) return drawImages(to, width, height);
  const { left, right, top, bottom, across, up } = frame(width, height);
  const [ground, colours] = [css("--paper"), examples.labels.map((_, i) => colour(i))]; // slow to ask for
  if (state.map) {
    const { steps } = state.map;
    const paper = rgb(ground);
    const palette = colours.map(rgb);
    const [best, sure] = [bytes(state.map.best), bytes(state.map.sure)];
    const [w, h] = [(right - left) / (steps - 1), (bottom - top) / (steps - 1)];
    to.save();
    to.beginPath();
    to.rect(left, top, right - left, bottom - top);
    to.clip();
    // The outermost values lie on the edges.
    const small = picture(steps, (i) => mix(paper, palette[best[i]] || paper, 0.08 + (0.5 * sure[i]) / 255));
    to.drawImage(small, left - w / 2, top - h / 2, w * steps, h * steps);
    to.restore();
  }
  const r = Math.max(2, Math.min(4.5, 90 / Math.sqrt(examples.x.length)));
  examples.x.forEach(([x, y], i) => {
    const kind = examples.y[i];
    mark(to, kind, across(x), up(y), r);
    to.fillStyle = i < examples.training ? colours[kind] : ground;
    to.strokeStyle = i < examples.training ? ground : colours[kind];
    to.lineWidth = i < examples.training ? 0.7 : 1.5;
    to.fill();
    to.stroke();
  });
  const [across0, up0] = examples.features;
  to.fillStyle = css("--faint");
  to.fillText(short(examples.low[0]), left, height - 6);
  to.textAlign = "center";
  to.fillText(across0, (left + right) / 2, height - 6);
  to.textAlign = "right";
  to.fillText(short(examples.high[0]), right, height - 6);
  to.fillText(short(examples.low[1]), left - 5, bottom);
  to.fillText(short(examples.high[1]), left - 5, top + 10);
  to.translate(left - 8, (top + bottom) / 2);
  to.rotate(-Math.PI / 2);
  to.textAlign = "center";
  to.fillText(up0, 0, 0);
}

// The held out images, as large as they fit, each with what the model says.
function drawImages(to, width, height) {
  const side = Math.sqrt(examples.x[0].length);
  const count = examples.x.length;
  let columns = 1;
  while (Math.ceil(count / columns) * (width / columns + 16) > height) columns += 1;
  const cell = width / columns;
  const size = cell - 8;
  const [paper, ink] = [rgb(css("--paper")), rgb(css("--ink"))];
  to.imageSmoothingEnabled = false;
  to.textAlign = "center";
  examples.x.forEach((image, n) => {
    const [x, y] = [(n % columns) * cell + 4, Math.floor(n / columns) * (cell + 16) + 2];
    const shade = (i) => mix(paper, ink, image[(side - 1 - Math.floor(i / side)) * side + (i % side)]);
    to.drawImage(picture(side, shade), x, y, size, size);
    const said = state.predicted ? state.predicted[n] : "";
    const wrong = state.predicted && said !== examples.y[n];
    to.fillStyle = css(wrong ? "--bad" : "--ink");
    to.fillText(`${examples.labels[said] ?? ""}${wrong ? " ✗" : ""}`, x + size / 2, y + size + 13);
  });
}

function drawCurves(canvas, title, columns) {
  const [to, width, height] = surface(canvas);
  const rows = state.history;
  const values = rows.flatMap((row) => columns.map((c) => row[c])).filter((v) => v !== null);
  to.fillStyle = css("--ink");
  to.fillText(title, 4, 12);
  if (!values.length) return;
  let [low, high] = [Math.min(...values), Math.max(...values)];
  const log = low > 0 && high / low > 30;
  const scaled = log ? Math.log : (v) => v;
  if (!log) low = Math.min(low, title === "accuracy" ? low : 0);
  if (high === low) high = low + 1e-9;
  const last = rows[rows.length - 1][0];
  const across = (epoch) => 4 + (epoch / last) * (width - 8);
  const up = (v) => height - 18 - ((scaled(v) - scaled(low)) / (scaled(high) - scaled(low))) * (height - 42);
  columns.forEach((column, n) => {
    to.setLineDash(n ? [5, 3] : []);
    to.strokeStyle = colour(n);
    to.lineWidth = 1.8;
    to.beginPath();
    for (const row of rows) if (row[column] !== null) to.lineTo(across(row[0]), up(row[column]));
    to.stroke();
  });
  to.fillStyle = css("--faint");
  to.fillText(`${short(low)} to ${short(high)}${log ? ", logarithmic" : ""}`, 70, 12);
  to.textAlign = "right";
  to.fillText(`epoch ${last}`, width - 4, height - 4);
}

// Shades of a unit's tile: one colour for positive values, another for negative ones.
function tile(text) {
  const values = bytes(text);
  const [paper, plus, minus] = [rgb(css("--paper")), rgb(colour(0)), rgb(colour(1))];
  return picture(Math.sqrt(values.length), (i) => {
    const v = (values[i] - 128) / 127;
    return mix(paper, v > 0 ? plus : minus, Math.min(1, Math.abs(v)));
  });
}

function drawNetwork() {
  const columns = examples.plane ? [{ name: "inputs", kind: "", tiles: [0, 1].map((axis) => ({ axis })) }] : [];
  for (const layer of state.layers) columns.push({ ...layer, tiles: (layer.units || []).map((unit) => ({ unit })) });
  const most = Math.max(2, ...columns.map((c) => c.tiles.length));
  const canvas = $("net");
  const gap = 38;
  canvas.style.minWidth = `${columns.length * 120}px`;
  canvas.style.height = `${most * gap + 46}px`;
  const [to, width] = surface(canvas);
  const middle = (c) => (width / columns.length) * (c + 0.5);
  const level = (c, i) => 22 + gap * (i + (most - columns[c].tiles.length) / 2 + 0.5);
  to.textAlign = "center";
  columns.forEach((column, c) => {
    const lines = column.lines || [];
    const top = Math.max(1e-9, ...lines.flat().map(Math.abs));
    if (c && lines.length === columns[c - 1].tiles.length) lines.forEach((row, i) => row.forEach((w, j) => {
      to.strokeStyle = colour(w > 0 ? 0 : 1);
      to.globalAlpha = 0.15 + (0.85 * Math.abs(w)) / top;
      to.lineWidth = 0.5 + (3.5 * Math.abs(w)) / top;
      to.beginPath();
      to.moveTo(middle(c - 1) + 16, level(c - 1, i));
      const half = (middle(c) - middle(c - 1)) / 2;
      to.bezierCurveTo(middle(c - 1) + half, level(c - 1, i), middle(c) - half, level(c, j), middle(c) - 16, level(c, j));
      to.stroke();
    }));
    to.globalAlpha = 1;
  });
  columns.forEach((column, c) => {
    to.fillStyle = css("--ink");
    to.fillText(column.name, middle(c), 14);
    to.fillStyle = css("--faint");
    const size = column.shape ? `${column.kind} ${column.shape.join(" × ")}` : column.kind;
    to.fillText(size, middle(c), most * gap + 40);
    column.tiles.forEach(({ unit, axis }, i) => {
      const steps = 20;
      const ramp = (k) => 1 + Math.round((254 * (axis ? Math.floor(k / steps) : k % steps)) / (steps - 1));
      const text = unit || btoa(String.fromCharCode(...Array.from({ length: steps * steps }, (_, k) => ramp(k))));
      to.drawImage(tile(text), middle(c) - 16, level(c, i) - 16, 32, 32);
      to.strokeStyle = css("--faint");
      to.lineWidth = 1;
      to.strokeRect(middle(c) - 16, level(c, i) - 16, 32, 32);
    });
  });
  const what = examples.plane ? "what a unit gives over the plane" : "what a unit gives on average";
  const [plus, minus] = [0, 1].map((i) => Object.assign(make("span", { textContent: ["■ positive", "■ negative"][i] }), { className: `sign${i}` }));
  $("net-note").replaceChildren(`A tile is ${what}, a line is a weight: `, plus, ", ", minus, ". Of a layer at most 12 units are drawn. The table is of the first 64 examples that are trained on, computed as evaluate does.");
}

function bars(numbers, gradient) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const top = Math.max(...numbers);
  svg.setAttribute("width", 6 * numbers.length);
  svg.setAttribute("height", 20);
  svg.setAttribute("aria-hidden", "true");
  if (gradient) svg.setAttribute("class", "gradient");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", numbers.map((n, i) => `M${6 * i} 20v${-(20 * n) / top}h5v${(20 * n) / top}z`).join(""));
  svg.append(path);
  return svg;
}

function short(v, digits = 3) {
  if (v === null || v === undefined) return "–";
  if (typeof v === "string" || v === 0) return String(v);
  const small = Math.abs(v) < 0.001 || Math.abs(v) >= 1e5;
  return small ? v.toExponential(Math.max(1, digits - 2)) : String(Number(v.toPrecision(digits)));
}

function listArrays() {
  const cells = (h, gradient) => {
    if (!h) return [make("td", { textContent: "–" }), make("td")];
    const lost = h.not_finite ? `, ${h.not_finite} not finite` : "";
    const text = `${short(h.mean)} ± ${short(h.deviation)}${lost}`;
    return [make("td", { textContent: text }), make("td", { title: `${short(h.low)} to ${short(h.high)}` }, bars(h.bars, gradient))];
  };
  const row = (name, shape, value, gradient) => {
    const head = make("th", { scope: "row", textContent: name });
    return make("tr", {}, head, make("td", { textContent: shape.join(" × ") }), ...cells(value), ...cells(gradient, true));
  };
  $("arrays").replaceChildren(...state.layers.flatMap((layer) => [
    ...layer.weights.map((w) => row(w.name, w.shape, w.value, w.gradient)),
    row(`output of ${layer.name}`, layer.shape, layer.output, layer.gradient),
  ]));
}

function draw() {
  const [epoch, ...numbers] = state.last;
  const [loss, held, right, rightHeld] = numbers.map((v) => short(v));
  $("now").textContent = `Epoch ${state.epoch}, batch ${state.step}` +
    (epoch ? ` · loss ${loss}, held out ${held} · accuracy ${right}, held out ${rightHeld}` : "");
  showRunning();
  showErrors();
  drawPlane();
  drawCurves($("loss"), "loss", [1, 2]);
  drawCurves($("accuracy"), "accuracy", [3, 4]);
  drawNetwork();
  listArrays();
  const kind = examples.plane ? "Classes that the model sees in the plane" : "Held out images with predictions";
  $("plane").setAttribute("aria-label", `${kind}. ${$("now").textContent}`);
  $("loss").setAttribute("aria-label", epoch ? `Loss ${loss}, held out ${held}` : "No loss yet");
  $("accuracy").setAttribute("aria-label", epoch ? `Accuracy ${right}, held out ${rightHeld}` : "No accuracy yet");
  $("net").setAttribute("aria-label", `Layers: ${state.layers.map((l) => `${l.name} of shape ${l.shape.join(" by ")}`).join(", ")}. Numbers are in the table.`);
  const names = state.arrays.map((a) => a.name);
  $("batch-box").hidden = !names.length;
  if ([...$("array").options].map((o) => o.value).join() !== names.join()) {
    fill($("array"), names, state.arrays.map((a) => `${a.name} (${a.shape.join(" × ") || "a number"})`));
  }
}

// ---- the arrays of one batch ----

const showArray = doing(async () => {
  const name = $("array").value;
  if (!name) return;
  const { shape, values } = await ask(`array?name=${encodeURIComponent(name)}`);
  if ($("array").value !== name) return; // another was chosen meanwhile
  const width = shape.length > 1 ? shape[shape.length - 1] : 1;
  const flat = [values].flat(Infinity);
  const rows = Math.min(flat.length / width, Math.max(1, Math.floor(MOST_CELLS / width)));
  const cut = rows < flat.length / width ? ` The first ${rows} rows.` : "";
  $("array-note").textContent = `${name}: ${shape.join(" × ") || "one number"}. A row for each index of the axes before the last.${cut}`;
  const top = Math.max(1e-30, ...flat.slice(0, rows * width).filter((v) => typeof v === "number").map(Math.abs));
  const cell = (v) => {
    if (typeof v !== "number") return make("td", { textContent: v });
    const element = make("td", { textContent: short(v, 5) });
    element.style.background = `color-mix(in srgb, var(--c${v > 0 ? 0 : 1}) ${Math.round((45 * Math.abs(v)) / top)}%, transparent)`;
    return element;
  };
  $("values").replaceChildren(...Array.from({ length: rows }, (_, r) => make("tr", {},
    make("th", { scope: "row", textContent: r }), ...flat.slice(r * width, (r + 1) * width).map(cell))));
});

const move = (by) => () => {
  const select = $("array");
  select.selectedIndex = Math.max(0, Math.min(select.options.length - 1, select.selectedIndex + by));
  showArray();
};

// ---- the beginning ----

for (const id of Object.values(FIELDS)) {
  const note = make("span", { id: `wrong-${id}`, className: "wrong", hidden: true });
  note.setAttribute("role", "alert");
  $(id).setAttribute("aria-describedby", note.id);
  $(id).closest("label").after(note);
}

const begin = doing(async () => {
  page = await ask("page");
  examples = page.examples;
  const names = { digits: "digits (8 × 8 images)", csv: "a CSV file" };
  fill($("data"), page.data, page.data.map((name) => names[name] || name));
  choose($("data"), examples.name);
  fill($("kind"), page.kinds);
  fill($("optimizer"), page.optimizers);
  $("batch").value = page.batch_size;
  $("seed").value = page.seed;
  $("code").value = page.code;
  showData();
  await took({ outline: page.outline });
  await showArray();
});

$("start").onclick = start;
$("step").onclick = step;
$("reset").onclick = useCode;
$("use").onclick = useCode;
$("speed").onchange = doing(async () => { if (state.running) await ask("start", { speed: Number($("speed").value) }); });
for (const id of ["data", "points", "noise", "classes"]) $(id).onchange = chooseData;
for (const id of ["batch", "seed"]) $(id).onchange = use("settings");
$("file").onclick = () => { $("file").value = ""; }; // so that the same file can be taken again
$("file").onchange = async () => { table = $("file").files.length ? await $("file").files[0].text() : ""; chooseData(); };
$("add").onclick = edit("add", () => ({ at: Number($("add").dataset.at), kind: $("kind").value }));
$("optimizer").onchange = $("rate").onchange = edit("set_optimizer", () => ({ name: $("optimizer").value, learning_rate: $("rate").value || $("rate").validity.badInput ? number("rate") : 0.001 }));
$("code").oninput = () => numberLines();
$("code").onscroll = () => { $("lines").scrollTop = $("code").scrollTop; };
$("code").onkeydown = (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); useCode(); } };
$("array").onchange = showArray;
$("before").onclick = move(-1);
$("after").onclick = move(1);
const redraw = () => { if (state) { showData(); draw(); } };
window.addEventListener("resize", redraw);
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
begin();
