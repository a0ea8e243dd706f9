/** The style sheet of the page. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #ffffff;
  --text: #1c2430;
  --faint: #5b6675;
  --line: #d8dde4;
  --panel: #f5f7f9;
  --kept: #17703f;
  --broken: #b3261e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14181d;
    --text: #e4e8ed;
    --faint: #9aa5b3;
    --line: #333b45;
    --panel: #1c2229;
    --kept: #6fcf97;
    --broken: #ff8a80;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0;
  background: var(--ground);
  color: var(--text);
  font: 16px/1.5 system-ui, sans-serif;
}
main { max-width: 1080px; margin: 0 auto; padding: 24px 20px 64px; }
h1 { font-size: 28px; margin: 0 0 8px; }
h2 { font-size: 20px; margin: 40px 0 12px; }
h3 { font-size: 16px; margin: 0 0 8px; }
code { font: 14px/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
small { display: block; font-size: 13px; font-weight: normal; color: var(--faint); }
cite { font-style: italic; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 6px 20px; margin: 0; }
dt { color: var(--faint); }
dd { margin: 0; overflow-wrap: anywhere; }
.verdicts { list-style: none; margin: 0; padding: 0; }
.note { background: var(--panel); border-left: 4px solid var(--faint); padding: 8px 12px; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 15px; }
th, td { border-bottom: 1px solid var(--line); padding: 7px 12px; text-align: left; vertical-align: top; }
thead th { border-bottom: 2px solid var(--faint); }
tbody th { font-weight: 600; }
.number { font-variant-numeric: tabular-nums; }
.numbers .number { text-align: right; }
.claims td.number { white-space: nowrap; }
.pass { color: var(--kept); }
.miss { color: var(--broken); font-weight: 700; }
.not-modelled, span.not-judged { color: var(--faint); }
.laws th:first-child { width: 40%; }
.id { white-space: nowrap; }
.mark { white-space: nowrap; }
.kept .mark, span.kept { color: var(--kept); }
.broken .mark, span.broken { color: var(--broken); font-weight: 700; }
.not-judged .mark { color: var(--faint); }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(440px, 100%), 1fr)); gap: 20px; }
.plots + .wide { margin-top: 20px; }
figure { margin: 0; padding: 16px; background: var(--panel); border-radius: 6px; }
figure svg { display: block; max-width: 100%; height: auto; color: var(--text); }
figcaption { margin-top: 8px; font-size: 13px; color: var(--faint); }
@media print { .wide { overflow: visible; } figure { break-inside: avoid; } }
`;
