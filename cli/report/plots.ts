/**
 * The figures of the page as SVG, drawn by vega-lite in this process. Text takes the colour of the page that it
 * stands in; the other colours are mid-tones that can be told from white and from black.
 */
import type { TopLevelSpec } from "vega-lite";
import { losses } from "./format.ts";
import type { Report } from "./types.ts";

/** A plot: what it shows, in words for those who do not see it too, and the SVG. */
export interface Plot {
  readonly title: string;
  readonly about: string;
  readonly svg: string;
}

/** Colours by stack, in order; far enough apart for the usual forms of colour blindness (Okabe and Ito). */
const STACK_COLOURS = ["#e08214", "#3f8fd2", "#2aa876", "#c25b8f", "#8c6bb1", "#a0764a"];
const STACK_DASHES = [[1, 0], [6, 3], [2, 2]];
const FORWARDED = "#2aa876";
const LOSS_COLOURS = [
  "#d1495b",
  "#3f8fd2",
  "#e08214",
  "#8c6bb1",
  "#7f8c8d",
  "#c9a227",
  "#c25b8f",
  "#a0764a",
];
const PAIR = ["#3f8fd2", "#e08214"];
const WIDTH = 380;
const FONT = "system-ui, sans-serif";

const CONFIG = {
  background: null,
  font: FONT,
  view: { stroke: null },
  axis: {
    labelColor: "currentColor",
    titleColor: "currentColor",
    domainColor: "currentColor",
    tickColor: "currentColor",
    gridColor: "currentColor",
    gridOpacity: 0.15,
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: "normal",
    labelLimit: 140,
  },
  legend: {
    labelColor: "currentColor",
    titleColor: "currentColor",
    labelFontSize: 12,
    labelLimit: 0,
    title: null,
    orient: "bottom",
    columns: 3,
    symbolOpacity: 1,
  },
} as const;

/** Every plot of a report, in the order of the page. */
export async function plots(report: Report): Promise<Plot[]> {
  const wanted = [latency(report), outcome(report), throughput(report), cpu(report), pcie(report)];
  const drawn: Plot[] = [];
  for (const { title, about, spec } of wanted) {
    if (spec !== null) drawn.push({ title, about, svg: await draw(spec, title) });
  }
  return drawn;
}

interface Wanted {
  readonly title: string;
  readonly about: string;
  readonly spec: object | null;
}

/** Draws a vega-lite specification in the style of the page. */
export async function draw(spec: object, title: string): Promise<string> {
  // Loaded when something is drawn: that takes longer than most commands.
  const [vega, { compile }] = [await import("vega"), await import("vega-lite")];
  const whole = { ...spec, config: CONFIG, autosize: { type: "pad" } } as unknown as TopLevelSpec;
  const view = new vega.View(vega.parse(compile(whole).spec), { renderer: "none" });
  const svg = await view.toSVG();
  view.finalize();
  // The plot is one image with a caption: its parts are not to be read out one by one.
  return svg.replace(/^<svg /, `<svg role="img" aria-label="${title}" `)
    .replaceAll(/ role="graphics-[a-z]+"| aria-roledescription="[^"]*"/g, "");
}

function names(report: Report): string[] {
  return report.stacks.map((stack) => stack.name);
}

function latency(report: Report): Wanted {
  const values = report.stacks.flatMap((stack) =>
    (stack.latencyNs?.cdf ?? []).map(({ ns, share }) => ({
      stack: stack.name,
      us: ns / 1000,
      share: share * 100,
    }))
  );
  const spec = {
    width: WIDTH,
    height: 240,
    data: { values },
    mark: { type: "line", interpolate: "step-before", strokeWidth: 2.5 },
    encoding: {
      x: {
        field: "us",
        type: "quantitative",
        scale: { type: "log", nice: false },
        title: "latency in us",
      },
      y: { field: "share", type: "quantitative", title: "% of forwarded packets" },
      color: {
        field: "stack",
        type: "nominal",
        scale: { domain: names(report), range: STACK_COLOURS },
      },
      strokeDash: {
        field: "stack",
        type: "nominal",
        scale: { domain: names(report), range: names(report).map(dashOf) },
      },
      order: { field: "share" },
    },
  };
  return {
    title: "Latency",
    about: "Share of forwarded packets with at most this latency, last bit in to last bit out, " +
      "on a logarithmic scale.",
    spec: values.length > 0 ? spec : null,
  };
}

/** Lines of stacks beyond the colours are dashed, then dotted, and so on. */
function dashOf(_name: string, i: number): readonly number[] {
  return STACK_DASHES[Math.floor(i / STACK_COLOURS.length) % STACK_DASHES.length]!;
}

/** Horizontal bars, a row for each stack, with one colour for each part. */
function bars(
  report: Report,
  values: { stack: string; part: string; value: number }[],
  axis: string,
  domain: readonly string[],
  range: readonly string[],
  layout: "stacked" | "side by side",
): object {
  const beside = layout === "side by side";
  const order = { field: "at", type: "quantitative" };
  return {
    width: WIDTH,
    height: { step: beside ? 18 : 34 },
    data: { values: values.map((v) => ({ ...v, at: domain.indexOf(v.part) })) },
    mark: { type: "bar" },
    encoding: {
      y: {
        field: "stack",
        type: "nominal",
        sort: names(report),
        title: null,
        ...(beside ? {} : { scale: { paddingInner: 0.35 } }),
      },
      x: { field: "value", type: "quantitative", title: axis, axis: { tickCount: 5 } },
      color: { field: "part", type: "nominal", scale: { domain, range } },
      ...(beside ? { yOffset: { field: "part", sort: domain } } : { order }),
    },
  };
}

function outcome(report: Report): Wanted {
  const values = report.stacks.flatMap((stack) => [
    { stack: stack.name, part: "forwarded", value: stack.forwarded },
    ...losses(stack).map(({ name, packets }) => ({
      stack: stack.name,
      part: name,
      value: packets,
    })),
  ]);
  const lost = [...new Set(values.map((v) => v.part))].filter((part) => part !== "forwarded");
  const range = lost.map((_, i) => LOSS_COLOURS[i % LOSS_COLOURS.length]!);
  return {
    title: "What became of the packets",
    about:
      "Packets forwarded, and packets dropped by reason. Reasons of congestion are rx-missed, " +
      "tx-full, qdisc-full and no-buffer; for the others the packet itself gave cause.",
    spec: bars(report, values, "packets", ["forwarded", ...lost], [FORWARDED, ...range], "stacked"),
  };
}

function throughput(report: Report): Wanted {
  const values = report.stacks.flatMap((stack) => [
    { stack: stack.name, part: "offered", value: stack.offeredMpps ?? 0 },
    { stack: stack.name, part: "forwarded", value: stack.forwardedMpps ?? 0 },
  ]);
  return {
    title: "Throughput",
    about: "Packets per microsecond: offered from the first arrival to the last, forwarded from " +
      "the first arrival until the last frame had left.",
    spec: bars(report, values, "Mpps", ["offered", "forwarded"], PAIR, "side by side"),
  };
}

function cpu(report: Report): Wanted {
  const values = report.stacks.flatMap(({ name: stack, cpu: { busy, useful } }) => [
    { stack, part: "useful", value: useful * 100 },
    { stack, part: "busy without result", value: Math.max(0, busy - useful) * 100 },
  ]);
  return {
    title: "CPU use",
    about:
      "Share of the time of all lcores. Useful are polls that moved something, interrupts and " +
      "softirqs; the rest of a polling loop finds nothing.",
    spec: bars(
      report,
      values,
      "% of all lcores",
      ["useful", "busy without result"],
      PAIR,
      "stacked",
    ),
  };
}

function pcie(report: Report): Wanted {
  const values = report.stacks.flatMap(({ name: stack, pcie: { payloadBytes, tlpBytes } }) => [
    { stack, part: "payload", value: payloadBytes ?? 0 },
    { stack, part: "TLP overhead", value: Math.max(0, (tlpBytes ?? 0) - (payloadBytes ?? 0)) },
  ]);
  return {
    title: "PCIe traffic",
    about: "Bytes per forwarded packet, summed over every direction of every link that they " +
      "crossed. Payload includes descriptors.",
    spec: bars(report, values, "bytes per packet", ["payload", "TLP overhead"], PAIR, "stacked"),
  };
}
