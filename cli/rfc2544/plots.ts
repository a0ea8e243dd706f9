/** The curves of the page: rates by frame size as 26.1 asks for them, loss by rate (26.3), latency by rate (26.2). */
import { draw, type Plot } from "../report/plots.ts";
import type { Rfc2544Report } from "./types.ts";

const COLOURS = ["#e08214", "#3f8fd2", "#8c6bb1", "#2aa876", "#c25b8f", "#7f8c8d", "#c9a227"];
const WIDTH = 420;
const HEIGHT = 300;

/** Draws the curves of the tests that were asked for. */
export async function rfc2544Plots(report: Rfc2544Report): Promise<Plot[]> {
  const { tests } = report;
  const plots: Plot[] = [];
  const add = async (title: string, about: string, spec: object) => {
    plots.push({ title, about, svg: await draw(spec, title) });
  };
  if (tests.includes("throughput")) {
    const about =
      "Frames a second by frame size: what the wires carry, the highest rate without a loss, and the " +
      "one with the loss allowed.";
    await add("Throughput", about, throughput(report));
  }
  if (report.sizes.some(({ loss }) => (loss ?? []).length > 0)) {
    const about =
      "Share of the frames lost by rate, as a share of the wire's, for each frame size.";
    await add("Frame loss rate", about, loss(report));
  }
  if (report.sizes.some(({ latency }) => (latency ?? []).length > 0)) {
    const about =
      "Mean latency by rate, as a share of the throughput without a loss, for each frame size.";
    await add("Latency", about, latency(report));
  }
  return plots;
}

interface Axis {
  readonly field: string;
  readonly title: string;
}

/** Lines with a point at each value. */
function lines(values: readonly object[], x: Axis, y: Axis, by: string, names: string[]): object {
  const axis = ({ field, title }: Axis) => ({
    field,
    title,
    type: "quantitative",
    axis: { tickCount: 6, format: ",~f" },
  });
  const scale = { domain: names, range: COLOURS.slice(0, names.length) };
  return {
    width: WIDTH,
    height: HEIGHT,
    data: { values },
    mark: { type: "line", point: { size: 40 }, strokeWidth: 2 },
    encoding: {
      x: axis(x),
      y: axis(y),
      color: { field: by, type: "nominal", scale: names.length <= COLOURS.length ? scale : {} },
    },
  };
}

function throughput({ sizes }: Rfc2544Report): object {
  const values = sizes.flatMap(({ size, line, ndr, pdr }) => [
    { size, mfps: line.fps / 1e6, what: "wire" },
    { size, mfps: (ndr.rate?.fps ?? 0) / 1e6, what: "NDR" },
    { size, mfps: (pdr.rate?.fps ?? 0) / 1e6, what: "PDR" },
  ]);
  const x = { field: "size", title: "frame size, bytes with FCS" };
  const y = { field: "mfps", title: "million frames/s" };
  return lines(values, x, y, "what", ["wire", "NDR", "PDR"]);
}

function namesOf({ sizes }: Rfc2544Report): string[] {
  return sizes.map(({ size }) => `${size} B`);
}

function loss(report: Rfc2544Report): object {
  const values = report.sizes.flatMap(({ size, loss }) =>
    (loss ?? []).map(({ rate, offered, lost }) => ({
      size: `${size} B`,
      rate: 100 * rate.share,
      lost: (100 * lost) / offered,
    }))
  );
  const x = { field: "rate", title: "offered, % of the wire" };
  return lines(values, x, { field: "lost", title: "lost, %" }, "size", namesOf(report));
}

function latency(report: Rfc2544Report): object {
  const values = report.sizes.flatMap(({ size, latency }) =>
    (latency ?? []).map(({ ofThroughput, mean }) => ({
      size: `${size} B`,
      rate: 100 * ofThroughput,
      us: mean / 1000,
    }))
  );
  const x = { field: "rate", title: "offered, % of NDR" };
  return lines(values, x, { field: "us", title: "mean latency, us" }, "size", namesOf(report));
}
