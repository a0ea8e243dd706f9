/**
 * The figures of the page as SVG, drawn by vega-lite in this process. Text takes the colour of the page that it
 * stands in; the other colours are mid-tones that can be told from white and from black.
 */
import type { TopLevelSpec } from "vega-lite";
import { losses } from "./format.ts";
import { dashOf, inOrder, LOSS_COLOURS, PART_COLOURS, STACK_COLOURS } from "./palette.ts";
import type { Report } from "./types.ts";

/** A plot: what it shows, in words for those who do not see it too, and the SVG. */
export interface Plot {
  readonly title: string;
  readonly about: string;
  readonly svg: string;
}

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
    // the last label stands below its tick as the others do
    labelFlush: false,
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
  const wanted = [latency(report), lost(report), throughput(report), cpu(report), pcie(report)];
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

/** Horizontal bars, a row for each stack, with one colour for each part. */
function bars(
  report: Report,
  values: { stack: string; part: string; value: number }[],
  axis: string,
  colours: Readonly<Record<string, string>>,
  layout: "stacked" | "side by side",
): object {
  const beside = layout === "side by side";
  const domain = Object.keys(colours);
  const range = Object.values(colours);
  const order = { field: "at", type: "quantitative" };
  return {
    width: WIDTH,
    height: { step: beside ? 18 : 34 },
    data: {
      values: values.filter(({ value }) => value > 0)
        .map((v) => ({ ...v, at: domain.indexOf(v.part) })),
    },
    // an edge tells slivers apart
    mark: { type: "bar", stroke: "currentColor", strokeWidth: 0.5 },
    encoding: {
      y: {
        field: "stack",
        type: "nominal",
        sort: names(report),
        title: null,
        // a stack without a bar has its row too
        scale: { domain: names(report), ...(beside ? {} : { paddingInner: 0.35 }) },
      },
      x: { field: "value", type: "quantitative", title: axis, axis: { tickCount: 5 } },
      color: { field: "part", type: "nominal", scale: { domain, range } },
      ...(beside ? { yOffset: { field: "part", sort: domain } } : { order }),
    },
  };
}

function lost(report: Report): Wanted {
  const values = report.stacks.flatMap((stack) =>
    losses(stack).map(({ name, packets }) => ({ stack: stack.name, part: name, value: packets }))
  );
  const colours = Object.fromEntries(
    inOrder(values.map(({ part }) => part))
      .map((name, i) => [name, LOSS_COLOURS[i % LOSS_COLOURS.length]!]),
  );
  return {
    title: "What packets were lost to",
    about: "Packets that were not forwarded, by reason. Reasons of congestion are rx-missed, " +
      "tx-full, qdisc-full and no-buffer; for the others the packet itself gave cause.",
    spec: values.length > 0 ? bars(report, values, "packets", colours, "stacked") : null,
  };
}

function only(...parts: (keyof typeof PART_COLOURS)[]): Record<string, string> {
  return Object.fromEntries(parts.map((part) => [part, PART_COLOURS[part]]));
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
    spec: bars(report, values, "Mpps", only("offered", "forwarded"), "side by side"),
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
      only("useful", "busy without result"),
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
    spec: bars(report, values, "bytes per packet", only("payload", "TLP overhead"), "stacked"),
  };
}
