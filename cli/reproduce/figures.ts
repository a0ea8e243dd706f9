/**
 * The paper's figures drawn from the model: lines and bars are the model's, diamonds what the paper prints. Values
 * that the paper only draws are not in its text, so they have no mark.
 */
import { type PatternName, PATTERNS } from "../../fixtures/mod.ts";
import { draw, type Plot } from "../report/plots.ts";
import { quantile } from "../measure.ts";
import { figure14 } from "./answers.ts";
import type { Lab } from "./lab.ts";
import { COMPARED, type SystemName } from "./systems.ts";
import { SIZES, wireMpps } from "./traffic.ts";

const WIDTH = 380;
const HEIGHT = 260;
/** By system, and for the wire's own rate. */
const COLOURS: Readonly<Record<string, string>> = {
  Wr: "#e08214",
  Rd: "#8c6bb1",
  Bn: "#2aa876",
  L3FWD: "#3f8fd2",
  wire: "#7f8c8d",
};

/** A figure, and the name of its file without its end. */
export interface ReproducedFigure extends Plot {
  readonly file: string;
}

/** Draws all figures; measures what has not been measured yet. */
export async function figures(lab: Lab): Promise<ReproducedFigure[]> {
  const drawn: ReproducedFigure[] = [];
  for (
    const { file, title, about, spec } of [...throughputs(lab), ...cdfs(lab), power(), tables(lab)]
  ) {
    drawn.push({ file, title, about, svg: await draw(spec, title) });
  }
  return drawn;
}

interface Wanted {
  readonly file: string;
  readonly title: string;
  readonly about: string;
  readonly spec: object;
}

const gbpsOf = (mpps: number, size: number) => (mpps * size * 8) / 1000;

/** Rates in Mpps that follow from what the paper prints: by figure, then system and size. */
const PRINTED: Readonly<Record<string, readonly (readonly [SystemName, number, number])[]>> = {
  "figure-8b": [
    ["Wr", 64, 35.85],
    ["Wr", 128, 33.78],
    ["L3FWD", 64, 35.85 / 1.5],
    ["L3FWD", 128, 33.78 / 1.58],
  ],
  "figure-8a": [["Wr", 64, 40.37]],
  "figure-11a": [
    ["Wr", 128, 2 * wireMpps(128)],
    ["L3FWD", 128, (2 * wireMpps(128)) / 1.69],
    ["L3FWD", 1518, (2 * wireMpps(1518)) / 1.08],
  ],
  "figure-12a": [
    ["Wr", 128, 4 * wireMpps(128)],
    ["L3FWD", 128, (4 * wireMpps(128)) / 3.3],
    ["L3FWD", 1518, (4 * wireMpps(1518)) / 2.32],
  ],
};

function throughputs(lab: Lab): Wanted[] {
  const each: [file: string, pattern: PatternName, fixed: boolean][] = [
    ["figure-8a", "1in-1out", true],
    ["figure-8b", "1in-1out", false],
    ["figure-11a", "2in-2out", false],
    ["figure-11b", "2in-2out-mix", false],
    ["figure-12a", "4in-4out", false],
    ["figure-12b", "4in-4out-mix", false],
  ];
  return each.map(([file, pattern, fixed]) => {
    const systems: SystemName[] = fixed ? ["Wr-fixed"] : COMPARED.filter((name) => lab.has(name));
    const values = systems.flatMap((name) =>
      SIZES.map((size) => ({
        system: name.replace("-fixed", ""),
        size,
        gbps: gbpsOf(lab.throughput(name, pattern, size).mpps, size),
      }))
    );
    const inputs = PATTERNS[pattern].inputs.length;
    for (const size of SIZES) {
      values.push({ system: "wire", size, gbps: gbpsOf(inputs * wireMpps(size), size) });
    }
    const marks = (PRINTED[file] ?? []).map(([system, size, mpps]) => ({
      system,
      size,
      gbps: gbpsOf(mpps, size),
    }));
    const number = file.replace("figure-", "");
    const what = fixed ? "fixed port" : "IP routing";
    return {
      file,
      title: `Figure ${number}: ${pattern}, ${what}`,
      about: `Throughput by frame size. ${missing(lab, fixed)}` +
        (fixed ? "Diamond: 40.37 Mpps of the workshop version. " : printedText(file)),
      spec: throughputSpec(values, marks),
    };
  });
}

function printedText(file: string): string {
  if (PRINTED[file] === undefined) return "The paper prints no number of this figure. ";
  return "Diamonds: rates that the paper prints, or that follow from its ratios and the wire rate. ";
}

function missing(lab: Lab, fixed: boolean): string {
  const names = fixed ? [] : COMPARED.filter((name) => !lab.has(name));
  return names.length > 0 ? `Not modelled yet: ${names.join(", ")}. ` : "";
}

function colour(systems: readonly string[]): object {
  const domain = Object.keys(COLOURS).filter((name) => systems.includes(name));
  const range = domain.map((name) => COLOURS[name]!);
  return { field: "system", type: "nominal", scale: { domain, range } };
}

interface Rate {
  readonly system: string;
  readonly size: number;
  readonly gbps: number;
}

function throughputSpec(values: readonly Rate[], marks: readonly Rate[]): object {
  const x = {
    field: "size",
    type: "quantitative",
    title: "frame size in bytes",
    scale: { type: "log", base: 2, nice: false, domain: [58, 1700] },
    axis: { values: SIZES, format: "d", labelOverlap: false, labelAngle: -45 },
  };
  const y = { field: "gbps", type: "quantitative", title: "Gb/s of frames" };
  const color = colour(values.map(({ system }) => system));
  return {
    width: WIDTH,
    height: HEIGHT,
    layer: [
      {
        data: { values },
        mark: { type: "line", strokeWidth: 2.5, point: { size: 30 } },
        encoding: {
          x,
          y,
          color,
          strokeDash: {
            condition: { test: "datum.system === 'wire'", value: [5, 4] },
            value: [1, 0],
          },
        },
      },
      printed(marks, x, y, color),
    ],
  };
}

function printed(values: readonly object[], x: object, y: object, color: object): object {
  return {
    data: { values },
    mark: { type: "point", shape: "diamond", size: 150, strokeWidth: 2, filled: false },
    encoding: { x, y, color },
  };
}

/** Shares at which a curve has a point. */
const SHARES = Array.from({ length: 101 }, (_, i) => i / 100);

type Condition = readonly [letter: string, size: number, gbps: number, text: string];

const CONDITIONS: readonly Condition[] = [
  ["a", 64, 1, "64 B, 1 Gb/s, fixed port"],
  ["b", 64, 1, "64 B, 1 Gb/s"],
  ["c", 64, 10, "64 B, 10 Gb/s"],
  ["d", 1518, 1, "1518 B, 1 Gb/s"],
  ["e", 1518, 40, "1518 B, 40 Gb/s"],
];

/** The p90 that the paper's ratios give, with the model's p90 of Wr in condition b as 1. */
const P90_PRINTED: Readonly<Record<string, readonly (readonly [SystemName, number])[]>> = {
  a: [["Wr", 1 / 1.09]],
  b: [["Wr", 1], ["L3FWD", 1 / 0.76]],
  c: [["Wr", 0.78]],
  d: [["Wr", 0.81]],
  e: [["Wr", 0.81 * 1.57], ["L3FWD", (0.81 * 1.57) / 0.21]],
};

function cdfs(lab: Lab): Wanted[] {
  const unitUs = lab.p90("Wr", 64, 1) / 1000;
  return CONDITIONS.map(([letter, size, gbps, text]) => {
    const fixed = letter === "a";
    const systems: SystemName[] = fixed ? ["Wr-fixed"] : COMPARED.filter((name) => lab.has(name));
    const values = systems.flatMap((name) => {
      const sorted = lab.latencies(name, size, gbps);
      return SHARES.map((share) => ({
        system: name.replace("-fixed", ""),
        us: quantile(sorted, share) / 1000,
        share: share * 100,
      }));
    });
    const marks = P90_PRINTED[letter]!.map(([system, times]) => ({
      system,
      us: times * unitUs,
      share: 90,
    }));
    return {
      file: `figure-9${letter}`,
      title: `Figure 9${letter}: ${text}`,
      about: `Distribution of the latency, ${lab.background === "cbr" ? "constant" : "Poisson"} ` +
        `background. ${
          missing(lab, fixed)
        }Diamonds: p90 by the paper's ratios, in units of the model's p90 of Wr ` +
        "in figure 9b, since the paper's text has no latency in microseconds.",
      spec: cdfSpec(values, marks),
    };
  });
}

function cdfSpec(
  values: readonly { system: string; us: number; share: number }[],
  marks: readonly object[],
): object {
  const x = {
    field: "us",
    type: "quantitative",
    title: "latency in us",
    scale: { type: "log", nice: true },
    axis: { format: "~g" },
  };
  const y = { field: "share", type: "quantitative", title: "% of packets" };
  const color = colour(values.map(({ system }) => system));
  return {
    width: WIDTH,
    height: HEIGHT,
    layer: [
      {
        data: { values },
        mark: { type: "line", interpolate: "step-before", strokeWidth: 2.5 },
        encoding: { x, y, color, order: { field: "share" } },
      },
      printed(marks, x, y, color),
    ],
  };
}

/** Watts above idle as the paper has them: the model has no power of its own. */
const WATTS: readonly { system: string; low: number; high: number }[] = [
  { system: "Wr", low: 0, high: 10 },
  { system: "L3FWD", low: 70, high: 80 },
];

function power(): Wanted {
  const values = ["1in-1out", "2in-2out", "4in-4out"].flatMap((pattern) =>
    WATTS.map((range) => ({ pattern, ...range }))
  );
  const domain = WATTS.map(({ system }) => system);
  return {
    file: "figure-13",
    title: "Figure 13: power above idle, 1518 B",
    about:
      "The ranges that the paper's text gives. An input, not a result: the model has no power of its own. It " +
      "agrees in what follows from the CPUs alone: lcores that poll are busy at every load, those of Wr at none.",
    spec: {
      width: WIDTH,
      height: 200,
      data: { values },
      mark: { type: "bar", opacity: 0.85 },
      encoding: {
        x: { field: "pattern", type: "nominal", title: null, axis: { labelAngle: 0 } },
        xOffset: { field: "system", sort: domain },
        y: { field: "low", type: "quantitative", title: "W" },
        y2: { field: "high" },
        color: {
          field: "system",
          type: "nominal",
          scale: { domain, range: domain.map((name) => COLOURS[name]!) },
        },
      },
    },
  };
}

function tables(lab: Lab): Wanted {
  const values = figure14(lab).curve.filter(({ routes }) => routes <= 100_000)
    .map(({ routes, bytesOccupied }) => ({ routes, megabytes: bytesOccupied / 1e6 }));
  const x = {
    field: "routes",
    type: "quantitative",
    title: "routes",
    axis: { tickCount: 5, format: "~s" },
  };
  const y = { field: "megabytes", type: "quantitative", title: "MB occupied" };
  const memories = [{ megabytes: 4, label: "IMEM, 4 MB" }, { megabytes: 6, label: "EMEM, 6 MB" }];
  return {
    file: "figure-14",
    title: "Figure 14: librte_lpm by number of routes",
    about:
      "Bytes that DIR-24-8 occupies as routes of a random sample of a generated full table are added. Diamonds: " +
      "60,000 and 80,000 routes, where the paper's table outgrows the memories. `planecheck routes` draws it for " +
      "every kind of table and for real tables.",
    spec: {
      width: WIDTH,
      height: HEIGHT,
      layer: [
        {
          data: { values },
          mark: { type: "line", strokeWidth: 2.5, point: true, color: COLOURS["L3FWD"] },
          encoding: { x, y },
        },
        {
          data: { values: memories },
          mark: { type: "rule", color: "currentColor", strokeDash: [6, 4] },
          encoding: { y },
        },
        {
          data: { values: memories },
          mark: { type: "text", color: "currentColor", align: "left", dx: 4, dy: -7, fontSize: 12 },
          encoding: { x: { value: 0 }, y, text: { field: "label" } },
        },
        {
          data: { values: [{ routes: 60_000, megabytes: 4 }, { routes: 80_000, megabytes: 6 }] },
          mark: {
            type: "point",
            shape: "diamond",
            size: 150,
            strokeWidth: 2,
            filled: false,
            color: COLOURS["Wr"],
          },
          encoding: { x, y },
        },
      ],
    },
  };
}
