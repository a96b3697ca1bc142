// How the card looks, in the colours of the theme that Home Assistant has.
export const STYLE = `
:host {
  --self_consumption: var(--energy-battery-out-color, #4db6ac);
  --hold: var(--state-inactive-color, #8a8a8a);
  --export_solar: var(--energy-solar-color, #ff9800);
  --charge: var(--energy-battery-in-color, #f06292);
  --discharge: var(--energy-grid-return-color, #8353d1);
  --import_price: var(--energy-grid-consumption-color, #488fc2);
  --export_price: var(--energy-grid-return-color, #8353d1);
  --solar: var(--energy-solar-color, #ff9800);
  --load: var(--primary-color, #03a9f4);
  --level: var(--energy-battery-out-color, #4db6ac);
  display: block;
}
ha-card { padding: 16px; overflow: hidden; color: var(--primary-text-color); }
h2 { margin: 0 0 8px; font-size: var(--ha-card-header-font-size, 20px); font-weight: 400; line-height: 1.3; }
p { margin: 4px 0; line-height: 1.4; }
.notice { display: flex; gap: 12px; align-items: center; min-height: 56px; color: var(--secondary-text-color); }
.note, .when { color: var(--secondary-text-color); font-size: 13px; }
.what { display: flex; flex-wrap: wrap; gap: 2px 8px; align-items: center; font-size: 16px; }
.what ha-icon { flex: none; color: var(--shade); }
.detail { min-height: 104px; }
.figures { display: flex; flex-wrap: wrap; gap: 2px 14px; margin: 6px 0 10px; font-size: 13px; color: var(--secondary-text-color); }
.figures b { font-weight: 500; color: var(--primary-text-color); white-space: nowrap; }
.figures i, .key { color: var(--shade); fill: var(--shade); }
.figures i { display: inline-block; width: 8px; height: 8px; margin-right: 5px; border-radius: 50%; background: var(--shade); }
.chart { touch-action: pan-y; }
.strip { position: relative; height: 34px; }
button {
  position: absolute; top: 0; box-sizing: border-box; height: 30px; padding: 0; border: 0; border-radius: 6px; overflow: hidden;
  display: flex; gap: 6px; align-items: center; justify-content: center; white-space: nowrap; cursor: pointer; font: inherit;
  font-size: 12px; color: var(--primary-text-color); background: color-mix(in srgb, var(--shade) 38%, var(--card-background-color, #fff));
  --mdc-icon-size: 18px;
}
button[aria-pressed="true"] { box-shadow: inset 0 -3px var(--shade); }
button:focus-visible { outline: 2px solid var(--primary-text-color); outline-offset: 1px; z-index: 1; }
svg { display: block; width: 100%; }
.behind { fill: var(--shade); opacity: .09; }
.grid { stroke: var(--divider-color, #ddd); }
.zero { stroke: var(--secondary-text-color); stroke-opacity: .5; }
.midnight { stroke: var(--secondary-text-color); stroke-dasharray: 3 4; stroke-opacity: .7; }
.cursor { stroke: var(--primary-text-color); stroke-opacity: .7; pointer-events: none; }
.line { fill: none; stroke: var(--shade); stroke-width: 2; stroke-linejoin: round; }
.line.export_price { stroke-dasharray: 5 3; }
.range { fill: var(--shade); opacity: .2; }
text { font-size: 11px; fill: var(--secondary-text-color); }
.key { font-size: 14px; }
.legend { fill: var(--primary-text-color); }
.unit { fill: var(--secondary-text-color); }
.day { font-weight: 600; fill: var(--primary-text-color); }
${["self_consumption", "hold", "export_solar", "charge", "discharge", "import_price", "export_price", "solar", "load", "level"]
  .map((name) => `.${name} { --shade: var(--${name}); }`).join("\n")}
`;
