// A card with a home's plan: what the battery will do and why, with prices, sun and load.

const version = new URL(import.meta.url).search;
const { across, drawChart, instantAt, known, make } = await import(`./plan-chart.js${version}`);
const { STYLE } = await import(`./plan-card-style.js${version}`);

const TYPE = "energy-optimizer-plan-card";
const DOMAIN = "energy_optimizer";
const RETRY_MS = 10000;
const LOOK_AGAIN_MS = 30000;
const STALE_MS = 15 * 60000;
const ICONS = {
  self_consumption: "mdi:home-battery", hold: "mdi:battery-lock", export_solar: "mdi:solar-power",
  charge: "mdi:battery-charging", discharge: "mdi:battery-arrow-down",
};
const NUMBER_LANGUAGES = {
  comma_decimal: "en-US", decimal_comma: "de", quote_decimal: "de-CH", space_comma: "fr", none: "en-US",
};
// For the card's picker and its form, which ask before Home Assistant's translations are at hand.
const FORM_WORDS = {
  en: {
    name: "Energy Optimizer: plan",
    description: "What the battery will do and why, with prices, sun and load ahead",
    device_id: "Powerwall or home", title: "Title", hours: "Hours ahead",
    device_id_helper: "Needed only if there is more than one home.",
  },
  fr: {
    name: "Energy Optimizer : plan",
    description: "Ce que fera la batterie et pourquoi, avec les prix, le soleil et la consommation à venir",
    device_id: "Powerwall ou foyer", title: "Titre", hours: "Heures à venir",
    device_id_helper: "Utile seulement s’il y a plusieurs foyers.",
  },
};

function formWord(key) {
  return (FORM_WORDS[document.documentElement.lang.slice(0, 2)] || FORM_WORDS.en)[key];
}

class PlanCard extends HTMLElement {
  static getConfigForm() {
    return {
      schema: [
        { name: "device_id", selector: { device: { integration: DOMAIN } } },
        { name: "title", selector: { text: {} } },
        { name: "hours", default: 36, selector: { number: { min: 6, max: 48, step: 6, mode: "box", unit_of_measurement: "h" } } },
      ],
      computeLabel: (field) => formWord(field.name),
      computeHelper: (field) => formWord(`${field.name}_helper`),
    };
  }

  constructor() {
    super();
    this.attachShadow({ mode: "open" });
    this._subscribe = this._subscribe.bind(this);
  }

  setConfig(config) {
    const hours = config.hours === undefined ? 36 : Number(config.hours);
    if (!(hours >= 1 && hours <= 72)) throw new Error("hours: 1 … 72");
    const before = this._config;
    this._config = { ...config, hours };
    if (before && (before.device_id !== config.device_id || before.entity !== config.entity)) this._subscribe();
    this._draw();
  }

  set hass(hass) {
    const before = this._hass;
    this._hass = hass;
    if (before?.language !== hass.language) this._loadWords();
    if (before?.connection !== hass.connection || before?.language !== hass.language) this._subscribe();
    else if (before.locale !== hass.locale) this._draw();
  }

  getCardSize() {
    return 9;
  }

  getGridOptions() {
    return { columns: 12, min_columns: 6, rows: "auto" };
  }

  connectedCallback() {
    this._sizes = new ResizeObserver(() => Math.abs(this.clientWidth - (this._width || 0)) > 1 && this._draw());
    this._sizes.observe(this);
    this._clock = setInterval(() => this._draw(), LOOK_AGAIN_MS);
    this._subscribe();
  }

  disconnectedCallback() {
    this._sizes.disconnect();
    clearInterval(this._clock);
    this._leave();
  }

  async _loadWords() {
    const { language } = this._hass;
    await this._hass.loadBackendTranslation("entity", DOMAIN);
    const words = await this._hass.loadBackendTranslation("selector", DOMAIN);
    if (language !== this._hass.language) return;
    this._words = words;
    this._draw();
  }

  /** Say something in the user's language. */
  _say(key, values) {
    const path = key.includes(".") ? `entity.sensor.${key}` : `selector.plan_words.options.card_${key}`;
    return this._words(`component.${DOMAIN}.${path}`, values) || key;
  }

  async _subscribe() {
    this._leave();
    if (!this.isConnected || !this._hass || !this._config) return;
    const { device_id, entity: entity_id } = this._config;
    const message = { type: `${DOMAIN}/plan/subscribe`, language: this._hass.language };
    if (device_id) message.device_id = device_id;
    else if (entity_id) message.entity_id = entity_id;
    const ticket = (this._ticket = {});
    this._connection = this._hass.connection;
    this._connection.addEventListener("ready", this._subscribe);
    try {
      const take = (news) => ticket === this._ticket && this._take(news);
      const leave = await this._connection.subscribeMessage(take, message, { resubscribe: false });
      if (ticket === this._ticket) this._unsubscribe = leave;
      else leave().catch(() => {});
    } catch (error) {
      if (ticket !== this._ticket) return;
      this._take({ error: error?.message || String(error) });
      this._retry = setTimeout(this._subscribe, RETRY_MS);
    }
  }

  _leave() {
    this._ticket = null;
    clearTimeout(this._retry);
    this._connection?.removeEventListener("ready", this._subscribe);
    // A connection that was lost has forgotten the subscription by itself.
    Promise.resolve(this._unsubscribe?.()).catch(() => {});
    this._unsubscribe = null;
  }

  _take(news) {
    this._news = news;
    this._draw();
  }

  _number(value, digits, more = {}) {
    if (!known(value)) return "–";
    const { number_format: format, language } = this._hass.locale;
    const languages = format === "system" ? undefined : NUMBER_LANGUAGES[format] || language;
    const options = { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: format !== "none", ...more };
    return new Intl.NumberFormat(languages, options).format(value);
  }

  _price(value) {
    if (!known(value)) return "–";
    const money = { style: "currency", currency: this._news.currency, maximumFractionDigits: 3 };
    return `${this._number(value, 2, money)}/kWh`;
  }

  get _zone() {
    return this._hass.locale.time_zone === "server" ? this._hass.config.time_zone : undefined;
  }

  _time(at, options = { hour: "numeric", minute: "2-digit" }) {
    const { time_format: format, language } = this._hass.locale;
    const languages = format === "system" ? undefined : language;
    const { hour12 } = new Intl.DateTimeFormat(languages, { hour: "numeric" }).resolvedOptions();
    const halves = { 12: true, 24: false }[format] ?? hour12;
    const clock = { hour: halves || !options.minute ? "numeric" : "2-digit", hourCycle: halves ? "h12" : "h23" };
    return new Intl.DateTimeFormat(languages, { ...options, ...(options.hour && clock), timeZone: this._zone }).format(at);
  }

  /** Return hour and minute as the user's clock shows them. */
  _clockAt(at) {
    const options = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: this._zone };
    return new Intl.DateTimeFormat("en-GB", options).format(at).split(":").map(Number);
  }

  _decision(decision, powers) {
    const name = this._say(`decision.state.${decision}`);
    const there = powers.filter(known);
    if (!there.length) return name;
    const [least, most] = [Math.min(...there), Math.max(...there)].map((power) => this._number(power, 1));
    return `${name} · ${least === most ? least : `${least}–${most}`} kW`;
  }

  /** Make of the plan's columns what lies ahead of now. */
  _scene() {
    const { steps: columns = {}, stretches = [], made_at: made } = this._news;
    const now = Date.now();
    const end = now + this._config.hours * 3600000;
    const ahead = (row) => row.until > now && row.from < end;
    const steps = (columns.start || [])
      .map((start, n) => ({
        ...Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, column[n]])),
        from: start * 1000, until: columns.end[n] * 1000,
      }))
      .filter(ahead);
    if (!steps.length || made * 1000 < now - STALE_MS) return null;
    const bands = stretches
      .map((stretch) => ({ ...stretch, from: stretch.start * 1000, until: stretch.end * 1000 }))
      .filter(ahead)
      .map((band) => ({ ...band, powers: steps.filter((step) => step.from >= band.from && step.until <= band.until).map((step) => step.power_kw) }));
    const scene = {
      steps, bands, made: made * 1000, from: steps[0].from, until: Math.min(end, steps.at(-1).until),
      level: this._news.level_percent, width: Math.max((this._width || 0) - 34, 240),
      say: (key) => this._say(key), number: (...given) => this._number(...given),
      time: (...given) => this._time(...given), clock: (at) => this._clockAt(at),
    };
    scene.summary = `${this._say("decisions")}: ${bands.slice(0, 8).map((band) => this._inWords(band)).join("; ")}.`;
    return scene;
  }

  _inWords(band) {
    return `${this._time(band.from)}–${this._time(band.until)} ${this._decision(band.decision, band.powers)}`;
  }

  _draw() {
    if (!this._hass || !this._config || !this._words || !this.isConnected) return;
    const focused = this.shadowRoot.activeElement?.dataset.band;
    this._width = this.clientWidth;
    const title = this._config.title ?? this._say("title");
    const card = make("ha-card", {}, title && make("h2", {}, title), ...this._content());
    this.shadowRoot.replaceChildren(make("style", {}, STYLE), card);
    if (this._drawn) this._show(this._chosen);
    if (focused) this._buttons.find((button) => button.dataset.band === focused)?.focus();
  }

  _content() {
    this._drawn = null;
    if (!this._news) return [this._notice("mdi:timer-sand", this._say("loading"))];
    if (this._news.error) return [this._notice("mdi:lan-disconnect", `${this._say("unreachable")} ${this._news.error}`)];
    const scene = this._scene();
    if (!scene) {
      const { why_not: why } = this._news;
      const reason = why ? this._say(`decision.state_attributes.why_not.state.${why}`) : this._say("too_old");
      return [this._notice("mdi:calendar-question", this._say("no_plan", { reason }))];
    }
    this._drawn = scene;
    this._detail = make("div", { class: "detail" });
    const chart = make("div", { class: "chart" }, this._strip(scene), this._chart(scene));
    chart.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && this._show(null));
    const note = this._news.origin === "greedy" ? [make("p", { class: "note" }, this._say("greedy"))] : [];
    return [this._detail, chart, ...note];
  }

  _notice(icon, text) {
    return make("div", { class: "notice", role: "status" }, make("ha-icon", { icon, "aria-hidden": "true" }), make("span", {}, text));
  }

  _chart(scene) {
    const svg = drawChart(scene, this._news);
    const pick = (event) => this._show(instantAt(scene, event.clientX - svg.getBoundingClientRect().left));
    svg.addEventListener("pointermove", pick);
    svg.addEventListener("pointerdown", pick);
    this._cursor = svg.querySelector(".cursor");
    return svg;
  }

  /** The decisions as a row of buttons, which can be pointed at, touched and reached with the keyboard. */
  _strip(scene) {
    this._buttons = scene.bands.map((band, index) => {
      const left = across(scene, band.from);
      const wide = across(scene, band.until) - left;
      const show = () => this._show(Math.max(band.from, Date.now()));
      const step = (event) => this._buttons[index + { ArrowRight: 1, ArrowLeft: -1 }[event.key]]?.focus();
      return make("button", {
        type: "button", class: band.decision, "data-band": index, style: `left:${left}px;width:${Math.max(wide - 1, 3)}px`,
        "aria-label": `${this._inWords(band)}. ${Object.values(band.reason_texts)[0]}`,
        onfocus: show, onclick: show, onpointerenter: show, onkeydown: step,
      }, wide > 22 ? make("ha-icon", { icon: ICONS[band.decision], "aria-hidden": "true" }) : null,
      wide > 130 ? make("span", {}, this._say(`decision.state.${band.decision}`)) : null);
    });
    return make("div", { class: "strip", role: "group", "aria-label": this._say("decisions") }, ...this._buttons);
  }

  /** Tell of an instant that is pointed at; without one, of now. */
  _show(chosen) {
    const { steps, bands } = this._drawn;
    this._chosen = chosen > Date.now() ? chosen : null;
    const at = this._chosen ?? Date.now();
    const step = steps.find((each) => each.until > at) || steps.at(-1);
    const band = bands.find((each) => each.until > at) || bands.at(-1);
    const times = { from: this._time(band.from), until: this._time(band.until) };
    const figure = (name, value) => make("span", {}, make("i", { class: name }), `${this._say(name)} `, make("b", {}, value));
    this._detail.replaceChildren(
      make("div", { class: "what" },
        make("ha-icon", { icon: ICONS[step.decision], class: step.decision, "aria-hidden": "true" }),
        make("strong", {}, this._decision(step.decision, [step.power_kw])),
        make("span", { class: "when" }, this._say(band === bands[0] ? "until" : "from_until", times))),
      make("p", {}, band.reason_texts[step.reason]),
      make("div", { class: "figures" },
        make("b", {}, this._chosen ? this._time(at) : this._say("now")),
        figure("import_price", this._price(step.import_price)), figure("export_price", this._price(step.export_price)),
        figure("solar", `${this._number(step.solar_kw, 1)} kW`), figure("load", `${this._number(step.load_kw, 1)} kW`),
        figure("level", `${this._number(this._chosen ? step.level_percent : this._drawn.level, 0)} %`)));
    const x = across(this._drawn, at);
    this._cursor.setAttribute("x1", x);
    this._cursor.setAttribute("x2", x);
    this._buttons.forEach((button, index) => button.setAttribute("aria-pressed", bands[index] === band));
  }
}

if (!customElements.get(TYPE)) {
  customElements.define(TYPE, PlanCard);
  window.customCards = window.customCards || [];
  window.customCards.push({ type: TYPE, name: formWord("name"), description: formWord("description"), preview: true });
}
