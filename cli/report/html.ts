/**
 * What the pages of every command share. A page is one file that asks for no other, needs no script, and is readable
 * on light and dark screens. Whatever came from a user or a file is escaped.
 */
import type { Plot } from "./plots.ts";
import { STYLE } from "./style.ts";

/** Text as HTML, in elements and in quoted attributes. */
export function escapeHtml(text: string): string {
  const entities: Record<string, string> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replace(/[&<>"']/g, (c) => entities[c]!);
}

const e = escapeHtml;

/** A whole page: the command's name as its heading, what it is about in its title, and HTML below the heading. */
export function htmlPage(command: string, about: string, body: string): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${e(`${command}: ${about}`)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${e(command)}</h1>
${body}
</main>
</body>
</html>
`;
}

/** Drawn plots, side by side where there is room; `basis` ends each caption: "Predicted.", "Counted.". */
export function plotsHtml(plots: readonly Plot[], basis = ""): string {
  const figures = plots.map(({ title, about, svg }) =>
    `<figure><h3>${e(title)}</h3>${svg}<figcaption>${
      e(`${about} ${basis}`.trimEnd())
    }</figcaption></figure>`
  );
  return `<div class="plots">\n${figures.join("\n")}\n</div>`;
}

/** Names and what stands for them, as HTML. */
export function factsHtml(rows: readonly (readonly [name: string, html: string])[]): string {
  return `<dl>${rows.map(([name, html]) => `<dt>${e(name)}</dt><dd>${html}</dd>`).join("\n")}</dl>`;
}

/** A table of text whose first column heads its rows and whose others hold numbers. */
export function tableHtml(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const heads = head.map((name, i) =>
    `<th scope="col"${i > 0 ? ' class="number"' : ""}>${e(name)}</th>`
  );
  const body = rows.map(([first, ...cells]) =>
    `<tr><th scope="row">${e(first!)}</th>${
      cells.map((cell) => `<td class="number">${e(cell)}</td>`).join("")
    }</tr>`
  );
  return `<div class="wide"><table class="numbers"><thead><tr>${heads.join("")}</tr></thead>` +
    `<tbody>${body.join("\n")}</tbody></table></div>`;
}
