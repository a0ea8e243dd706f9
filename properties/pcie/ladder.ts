/**
 * Ladder diagrams of a run of the link-level model: the nodes side by side, time downwards, an arrow for every
 * TLP and DLLP on a link, and the credits that its sender has left. As text for a terminal, as SVG for a page.
 */
import { Mirror } from "./_mirror.ts";
import type { PcieEvent, PcieLedger, PcieTlp } from "../../core/pcie/link/trace.ts";

/** What of a run is drawn. */
export interface LadderOptions {
  /** TLPs to follow, with the DLLPs of their links left out; all TLPs if absent. */
  readonly tlps?: readonly number[];
  /** Whether DLLPs are drawn too. */
  readonly dllps?: boolean;
  /** Only what begins in this time, in ps. */
  readonly fromPs?: number;
  /** See `fromPs`. */
  readonly toPs?: number;
  /** A line above the diagram, in SVG. */
  readonly title?: string;
  /** Order of the columns: as the links lead from node to node, or by number: host, switch, devices. */
  readonly columns?: "tree" | "number";
  /** Most arrows; the last ones are drawn. 60 if absent. */
  readonly most?: number;
}

/** One arrow: what goes from a node to its neighbour. */
interface Arrow {
  readonly at: number;
  readonly from: number;
  readonly to: number;
  readonly label: string;
  /** Headers and data that the sender has left for the class, or what came of it. */
  readonly note: string;
  readonly isDllp: boolean;
  readonly isLost: boolean;
}

const INITIAL = ["P", "NP", "CPL"];

function tlpLabel(tlp: PcieTlp, value: number, isReplay: boolean): string {
  const tag = tlp.tag < 0 ? "" : ` t${tlp.tag}`;
  const flags = (tlp.relaxed ? " RO" : "") + (tlp.idBased ? " IDO" : "");
  return `${
    isReplay ? "replay " : ""
  }${tlp.kind} ${tlp.bytes} B${tag}${flags} #${tlp.id} s${value}`;
}

function dllpLabel({ text, cls, value, headers, data }: PcieEvent): string {
  return cls < 0 ? `${text} s${value}` : `${text}-${INITIAL[cls]} ${headers}/${data}`;
}

function arrowsOf(ledger: PcieLedger, options: LadderOptions): Arrow[] {
  const { fromPs = 0, toPs = Infinity, most = 60 } = options;
  const wanted = options.tlps === undefined ? null : new Set(options.tlps);
  const mirror = new Mirror(ledger);
  const arrows: Arrow[] = [];
  for (const event of ledger.events) {
    mirror.follow(event);
    const { kind, direction, at, text } = event;
    if ((kind !== "send" && kind !== "dllp") || at < fromPs || at > toPs) continue;
    const isDllp = kind === "dllp";
    if (isDllp ? options.dllps !== true : wanted !== null && !wanted.has(event.tlp)) continue;
    const { from, to } = ledger.directions[direction]!;
    const isReplay = text.startsWith("replay");
    let note = "";
    const tlp = ledger.tlps.get(event.tlp);
    if (tlp !== undefined) {
      const { limit, consumed, advertised } = mirror.cell(direction, tlp.cls);
      const left = [0, 1].map((u) => advertised[u] === 0 ? "inf" : `${limit[u]! - consumed[u]!}`);
      note = `${INITIAL[tlp.cls]} ${left.join("/")}`;
    }
    const isLost = /corrupted|lost/.test(text);
    arrows.push({
      at,
      from,
      to,
      label: isDllp ? dllpLabel(event) : tlpLabel(tlp!, event.value, isReplay),
      note: isLost ? `${note} ${isDllp ? "lost" : "corrupted"}`.trim() : note,
      isDllp,
      isLost,
    });
  }
  return arrows.slice(-most);
}

/** Nodes that the arrows touch, by number or in order of the tree: a child stands left of its parent. */
function columnsOf(
  ledger: PcieLedger,
  arrows: readonly Arrow[],
  by: "tree" | "number" = "tree",
): number[] {
  const touched = new Set(arrows.flatMap(({ from, to }) => [from, to]));
  const order: number[] = [];
  const visit = (node: number) => {
    const below = ledger.options.nodes.flatMap(({ parent }, n) => parent === node ? [n] : []);
    below.slice(0, Math.ceil(below.length / 2)).forEach(visit);
    order.push(node);
    below.slice(Math.ceil(below.length / 2)).forEach(visit);
  };
  visit(0);
  if (by === "number") order.sort((a, b) => a - b);
  return order.filter((node) => touched.has(node));
}

const WIDTH = 30;

/**
 * A ladder diagram as text: a line for each arrow, with its time in nanoseconds and the credits left.
 *
 * @example
 * ```ts
 * import { pcieLadder, runPcie } from "@planecheck/planecheck/properties";
 * import { assert } from "@std/assert";
 *
 * const { ledger } = runPcie({
 *   options: {},
 *   operations: [{ kind: "write", src: 2, dst: 3, offset: 0, bytes: 64 }],
 * });
 * const text = pcieLadder(ledger);
 * assert(text.includes("MWr 64 B"), text);
 * ```
 */
export function pcieLadder(ledger: PcieLedger, options: LadderOptions = {}): string {
  const arrows = arrowsOf(ledger, options);
  if (arrows.length === 0) return "nothing was sent\n";
  const columns = columnsOf(ledger, arrows, options.columns);
  const place = new Map(columns.map((node, i) => [node, i]));
  const pad = (text: string) => text.slice(0, WIDTH).padEnd(WIDTH);
  const heads = columns.map((node) => pad(ledger.nodes[node]!)).join("").trimEnd();
  const times = arrows.map(({ at }) => (at / 1000).toFixed(3));
  const digits = Math.max(...times.map((time) => time.length));
  const lines = [`${"ns".padStart(digits)}  ${heads}`];
  arrows.forEach(({ from, to, label, note, isLost }, i) => {
    const [a, b] = [place.get(from)!, place.get(to)!];
    const [left, right] = [Math.min(a, b), Math.max(a, b)];
    const bars = columns.slice(0, left).map(() => pad("|")).join("");
    const inner = (right - left) * WIDTH - 1;
    const text = ` ${label} `.slice(0, inner - 4);
    const shaft = `${text}${"-".repeat(Math.max(0, inner - 3 - text.length))}`;
    const end = isLost ? "x" : a < b ? ">" : "<";
    const arrow = a < b ? `--${shaft}${end}` : `${end}--${shaft}`;
    const rest = columns.slice(right).map(() => pad("|")).join("").trimEnd();
    lines.push(`${times[i]!.padStart(digits)}  ${bars}|${arrow}${rest}  ${note}`.trimEnd());
  });
  return lines.join("\n") + "\n";
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** A ladder diagram as an SVG document. */
export function pcieLadderSvg(ledger: PcieLedger, options: LadderOptions = {}): string {
  const arrows = arrowsOf(ledger, options);
  const columns = columnsOf(ledger, arrows, options.columns);
  const x = (node: number) => 120 + 260 * columns.indexOf(node);
  const y = (i: number) => 60 + 26 * i;
  const width = 260 * Math.max(1, columns.length - 1) + 300;
  const height = y(arrows.length) + 20;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `font-family="monospace" font-size="11">`,
    `<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" ` +
    `orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>`,
  ];
  if (options.title !== undefined) {
    parts.push(`<text x="4" y="12">${escape(options.title)}</text>`);
  }
  for (const node of columns) {
    parts.push(
      `<text x="${x(node)}" y="30" text-anchor="middle">${escape(ledger.nodes[node]!)}</text>`,
      `<line x1="${x(node)}" y1="40" x2="${x(node)}" y2="${height - 10}" stroke="#888"/>`,
    );
  }
  arrows.forEach(({ at, from, to, label, note, isDllp, isLost }, i) => {
    const [x1, x2] = [x(from), x(to)];
    // what is lost does not arrive
    const end = isLost ? x1 + (x2 - x1) * 0.8 : x2;
    const colour = isLost ? "#c00" : isDllp ? "#888" : "#000";
    parts.push(
      `<text x="4" y="${y(i) + 4}">${(at / 1000).toFixed(3)}</text>`,
      `<line x1="${x1}" y1="${y(i)}" x2="${end}" y2="${y(i) + 12}" stroke="${colour}" ` +
        `marker-end="url(#tip)"${isDllp ? ' stroke-dasharray="4 3"' : ""}/>`,
      `<text x="${(x1 + x2) / 2}" y="${y(i) - 1}" text-anchor="middle" fill="${colour}">` +
        `${escape(label)}</text>`,
      `<text x="${width - 130}" y="${y(i) + 4}">${escape(note)}</text>`,
    );
  });
  return parts.join("\n") + "\n</svg>\n";
}
