// The drawing of a plan: prices, sun and load with their ranges, and the level, over the colours of the decisions.

const SVG = new Set(["svg", "path", "line", "rect", "text", "tspan"]);
const LEFT = 46;
const RIGHT = 10;
const FOOT = 28;
const HOUR_MS = 3600000;
const PANELS = {
  price: { top: 4, height: 78 },
  power: { top: 112, height: 92 },
  level: { top: 234, height: 54 },
};
const HEIGHT = 334;

export const known = (value) => typeof value === "number" && Number.isFinite(value);

/** Make an element; text goes in as text, so that nothing in a name is ever markup. */
export function make(tag, attributes = {}, ...children) {
  const element = SVG.has(tag) ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== undefined && child !== null));
  return element;
}

/** Return where an instant lies between the left and the right edge of the drawing, in pixels. */
export function across(scene, at) {
  const share = (Math.min(Math.max(at, scene.from), scene.until) - scene.from) / (scene.until - scene.from);
  return LEFT + share * (scene.width - LEFT - RIGHT);
}

/** Return which instant is drawn at a distance from the left edge. */
export function instantAt(scene, x) {
  const share = Math.min(Math.max((x - LEFT) / (scene.width - LEFT - RIGHT), 0), 0.9999);
  return scene.from + share * (scene.until - scene.from);
}

/** Return round marks that take in zero and all of some values. */
export function marksFor(values, most = 3) {
  const low = Math.min(0, ...values);
  const high = Math.max(low + 1e-6, ...values);
  const raw = (high - low) / most;
  const size = 10 ** Math.floor(Math.log10(raw));
  const step = size * [1, 2, 2.5, 5, 10].find((factor) => factor * size >= raw * 0.999);
  const first = Math.floor(low / step + 1e-9);
  const count = Math.ceil(high / step - 1e-9) - first;
  return Array.from({ length: count + 1 }, (_, n) => (first + n) * step);
}

/** Draw all; *scene* says what is shown and how the user reads numbers, times and words. */
export function drawChart(scene, news) {
  const svg = make("svg", {
    width: scene.width, height: HEIGHT, viewBox: `0 0 ${scene.width} ${HEIGHT}`, role: "img", "aria-label": scene.summary,
  });
  svg.append(...background(scene), ...hours(scene));
  const { steps } = scene;
  panel(svg, scene, PANELS.price, `${news.currency}/kWh`, [
    { name: "import_price", points: steps.map((step) => [step.from, step.until, step.import_price]) },
    { name: "export_price", points: steps.map((step) => [step.from, step.until, step.export_price]) },
  ]);
  panel(svg, scene, PANELS.power, "kW", [
    { name: "solar", ...expected(scene, news.forecasts?.solar, "solar_kw") },
    { name: "load", ...expected(scene, news.forecasts?.load, "load_kw") },
  ]);
  const levels = steps.map((step) => [step.until, step.level_percent]);
  if (known(scene.level)) levels.unshift([Math.max(scene.from, scene.made), scene.level]);
  panel(svg, scene, PANELS.level, "%", [{ name: "level", slope: levels }], [0, 50, 100]);
  svg.append(make("line", { class: "cursor", y1: 0, y2: HEIGHT - FOOT }));
  return svg;
}

function background({ bands, ...scene }) {
  return bands.map((band) => {
    const x = across(scene, band.from);
    return make("rect", {
      class: `behind ${band.decision}`, x, y: 0, width: across(scene, band.until) - x, height: HEIGHT - FOOT,
    });
  });
}

function hours(scene) {
  const parts = [];
  const most = Math.max(2, Math.floor((scene.width - LEFT - RIGHT) / 40));
  const length = (scene.until - scene.from) / HOUR_MS;
  const every = [1, 2, 3, 4, 6, 12, 24].find((each) => length / each <= most) || 24;
  // Quarters of hours, because clocks in some places are not whole hours apart.
  for (let at = Math.ceil(scene.from / (HOUR_MS / 4)) * (HOUR_MS / 4); at < scene.until; at += HOUR_MS / 4) {
    const [hour, minute] = scene.clock(at);
    if (minute) continue;
    const x = across(scene, at);
    if (!hour) parts.push(make("line", { class: "midnight", x1: x, x2: x, y1: 0, y2: HEIGHT - FOOT }));
    if (hour % every || x > scene.width - 22) continue;
    const text = hour ? scene.time(at, { hour: "numeric" }) : scene.time(at, { weekday: "short" });
    parts.push(make("text", { class: hour ? "axis" : "axis day", x, y: HEIGHT - 10, "text-anchor": "middle" }, text));
  }
  return parts;
}

/** Return a forecast's median and range over the time shown; the plan's own figures where there is none. */
function expected({ steps, from, until }, forecast, name) {
  if (!forecast) return { points: steps.map((step) => [step.from, step.until, step[name]]) };
  const start = forecast.start * 1000;
  const length = forecast.step_seconds * 1000;
  const rows = forecast.p50
    .map((middle, n) => [start + n * length, start + (n + 1) * length, middle, forecast.p10[n], forecast.p90[n]])
    .filter((row) => row[1] > from && row[0] < until);
  return { points: rows, range: rows };
}

function panel(svg, scene, { top, height }, unit, lines, given) {
  const base = top + 16 + height;
  const values = lines.flatMap(({ points = [], slope = [], range = [] }) => [
    ...points.map((point) => point[2]), ...slope.map((point) => point[1]), ...range.map((row) => row[4]),
  ]).filter(known);
  const marks = given || marksFor(values.length ? values : [1]);
  const y = (value) => base - ((value - marks[0]) / (marks.at(-1) - marks[0])) * height;
  const digits = Math.max(...marks.map((mark) => (String(Number(mark.toFixed(3))).split(".")[1] || "").length));
  for (const mark of marks) {
    svg.append(
      make("line", { class: Math.abs(mark) < 1e-9 ? "grid zero" : "grid", x1: LEFT, x2: scene.width - RIGHT, y1: y(mark), y2: y(mark) }),
      make("text", { class: "axis", x: LEFT - 6, y: y(mark) + 4, "text-anchor": "end" }, scene.number(mark, digits)),
    );
  }
  const legend = make("text", { class: "legend", x: LEFT, y: top + 9 });
  for (const { name, points, slope, range } of lines) {
    if (range) svg.append(make("path", { class: `range ${name}`, d: area(scene, range, y) }));
    svg.append(make("path", { class: `line ${name}`, d: slope ? sloping(scene, slope, y) : stairs(scene, points, y) }));
    const key = make("tspan", { class: `key ${name}`, dx: legend.childNodes.length ? 12 : 0 }, "●");
    legend.append(key, make("tspan", { dx: 4 }, scene.say(name)));
  }
  legend.append(make("tspan", { class: "unit", dx: 12 }, unit));
  svg.append(legend);
}

const point = (scene, at, value, y) => `${across(scene, at).toFixed(1)},${y(value).toFixed(1)}`;

function stairs(scene, points, y) {
  let path = "";
  let open = false;
  for (const [from, until, value] of points) {
    if (known(value)) path += `${open ? "L" : "M"}${point(scene, from, value, y)}L${point(scene, until, value, y)}`;
    open = known(value);
  }
  return path;
}

function sloping(scene, points, y) {
  const there = points.filter(([, value]) => known(value));
  return there.map(([at, value], n) => `${n ? "L" : "M"}${point(scene, at, value, y)}`).join("");
}

function area(scene, rows, y) {
  const there = rows.filter((row) => known(row[3]) && known(row[4]));
  const side = (column) => there.flatMap((row) => [[row[0], row[column]], [row[1], row[column]]]);
  const corners = [...side(4), ...side(3).reverse()].map(([at, value]) => point(scene, at, value, y));
  return corners.length ? `M${corners.join("L")}Z` : "";
}
