/** From checked options to the report of the tests of RFC 2544. */
import { neighboursOnPorts, paperHost } from "../../fixtures/mod.ts";
import config from "../../deno.json" with { type: "json" };
import { PORTS, readRoutes } from "../inputs.ts";
import { type Io, SILENT } from "../io.ts";
import { commandLine } from "../report/build.ts";
import { routesText } from "../report/format.ts";
import { stackNamed } from "../stacks.ts";
import type { Device } from "./device.ts";
import { measureSize } from "./measure.ts";
import type { Rfc2544Options } from "./options.ts";
import { Rig } from "./rig.ts";
import { AGREE, type Lengths } from "./search.ts";
import { RFC2544_REPORT_VERSION, type Rfc2544Report } from "./types.ts";

/** Frames of the shortest trial for each that buffers may hold: in less an overload hides. */
const FRAMES_PER_BUFFER = 4;
/** Frames of the longest trial into all ports, unless a duration says otherwise. */
const FRAMES_MAX = 2 ** 16;

/**
 * Reads the routes, makes the tests, and answers the report; writes nothing.
 * @throws {UserError} or {InputError} when an option or a file is not as expected
 */
export function makeRfc2544Report(
  args: readonly string[],
  options: Rfc2544Options,
  io: Io,
): Rfc2544Report {
  const progress = io.progress ?? SILENT;
  const { stack, sizes, durationMs, pattern, flows, lcores, fidelity, pdrRatio, seed } = options;
  const entry = stackNamed(stack);
  const host = paperHost;
  progress.start(1 + sizes.length);
  try {
    progress.step("routes");
    const { routes, routesRecord } = readRoutes(options);
    const neighbours = neighboursOnPorts({ nextHops: routesRecord.nextHops, ports: PORTS });
    const rig = new Rig({
      entry,
      host,
      fidelity,
      lcores,
      pattern,
      flows,
      seed,
      routes,
      neighbours,
    });
    let inputs = 0;
    const records = sizes.map((size) => {
      progress.step(`${stack}: frames of ${size} B`);
      const device = rig.device(size);
      inputs = device.inputs;
      const lengths = lengthsOf(device, durationMs);
      return measureSize(device, size, { tests: options.tests, pdrRatio, lengths });
    });
    return {
      version: RFC2544_REPORT_VERSION,
      tool: { name: config.name, version: config.version },
      command: commandLine(args),
      basis: basis(options, host.name),
      stack: { name: stack, title: rig.title },
      machine: {
        profile: host.name,
        lcores,
        linkGbps: rig.linkGbps,
        fidelity,
        rings: entry.ring,
      },
      routes: routesText(routesRecord),
      traffic: { pattern, inputs, flows, seed },
      durationMs,
      pdrRatio,
      tests: [...options.tests],
      sizes: records,
    };
  } finally {
    progress.stop();
  }
}

function lengthsOf(device: Device, durationMs: number | null): Lengths {
  if (durationMs !== null) {
    return { frames: (gapPs) => Math.ceil((durationMs * 1e9) / gapPs), doublingsMax: 0 };
  }
  const most = FRAMES_MAX / device.inputs;
  const first = Math.min(most, FRAMES_PER_BUFFER * device.buffers);
  return {
    frames: (_, doublings) => first * 2 ** doublings,
    doublingsMax: Math.max(0, Math.floor(Math.log2(most / first))),
  };
}

function basis({ durationMs, pdrRatio, fidelity }: Rfc2544Options, profile: string): string[] {
  const trial = durationMs === null
    ? `A trial has as many frames as it takes until twice as many change the throughput by at most ${
      AGREE * 100
    }%, and at most ${FRAMES_MAX.toLocaleString("en-US")}; "off by" says by how much they did, ` +
      `and "as trials grow" where that leads, extrapolated.`
    : `A trial lasts ${durationMs} virtual ms.`;
  return [
    `Predicted, not measured: the model's numbers are those of profile ${profile}, with the ${fidelity} fabric; time ` +
    "is virtual, so the same command gives the same figures.",
    `${trial} RFC 2544 asks for 60 s. Rates are exact to the picosecond of gap: the next faster one fails.`,
    `Throughput (26.1) is the highest rate at and below which every trial made has passed: NDR without a loss, PDR ` +
    `with at most ${pdrRatio * 100}% lost.`,
    "Latency (26.2) is from the last bit in to the first bit out, of all frames in the second half of a trial.",
    "Recovery (26.5) is from the step down to half the overload until the last loss.",
  ];
}
