/**
 * A report as PacketShader's own tools print it: what its programs say of their handles when they are interrupted, for
 * each CPU and device, `list_devices`, and the state of the GPUs.
 */
import type { ReportRow } from "../../core/stack.ts";

/** Views that {@link packetshaderView} prints. */
export const PACKETSHADER_VIEWS = ["ps_handle", "list_devices", "gpu"] as const;

/** Name of a view. */
export type PacketShaderView = typeof PACKETSHADER_VIEWS[number];

/**
 * What a tool prints of a report of `packetshader`. Packets per chunk are the number that its users watch: they grow
 * with the load. O(rows).
 *
 * @throws {TypeError} when there is no such view
 * @example
 * ```ts
 * import { Testbed } from "@planecheck/planecheck/core";
 * import { machineProfile, paperHost } from "@planecheck/planecheck/fixtures";
 * import { build, PLAIN_GEOMETRY, PLAIN_PACKET } from "@planecheck/planecheck/properties";
 * import { packetshader, packetshaderView } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * const device = new Testbed(packetshader({ firstBits: 16, offload: "gpu" }), machineProfile(paperHost));
 * device.run(build({
 *   geometry: { ...PLAIN_GEOMETRY, lcores: 1 },
 *   neighbours: [0, 1],
 *   routes: [{ prefix: 0x0a010000, depth: 16, nextHop: 1 }],
 *   packets: [{ ...PLAIN_PACKET, src: 0x0a000001, dst: 0x0a010001 }],
 *   deviations: [],
 * }));
 * const [rx, tx] = packetshaderView("ps_handle", device.report()).split("\n");
 * assertEquals(rx, "CPU 0 xge0: RX 1 packets, 1 chunks, 1.00 packets/chunk; TX 0 packets, 0 chunks, 0.00 packets/chunk");
 * assertEquals(tx, "CPU 0 xge1: RX 0 packets, 0 chunks, 0.00 packets/chunk; TX 1 packets, 1 chunks, 1.00 packets/chunk");
 * assertEquals(packetshaderView("gpu", device.report()), "GPU 0: 1 launches, 1.0 packets/launch, H2D 4 B, D2H 4 B");
 * ```
 */
export function packetshaderView(view: PacketShaderView, report: readonly ReportRow[]): string {
  switch (view) {
    case "ps_handle":
      return each(report, /^cpu(\d+ xge\d+) (\S+)$/, handleLine);
    case "list_devices":
      return each(
        report,
        /^list_devices (xge\d+) (\S+)$/,
        (name, n) => `${name}: ${n("rx_queues")} rx queues, node ${n("node")}`,
      );
    case "gpu":
      return each(report, /^gpu(\d+) (\S+)$/, gpuLine);
    default:
      throw new TypeError(
        `Cannot print "${String(view)}": it is not one of ${PACKETSHADER_VIEWS.join(", ")}`,
      );
  }
}

type Counter = (name: string) => number;

/** A line for each subject, out of the rows whose name has it and a counter. */
function each(
  report: readonly ReportRow[],
  name: RegExp,
  print: (of: string, n: Counter) => string,
): string {
  const all = new Map<string, Map<string, number>>();
  for (const row of report) {
    const [, of, counter] = name.exec(row.name) ?? [];
    if (of === undefined || counter === undefined) continue;
    if (!all.has(of)) all.set(of, new Map());
    all.get(of)!.set(counter, row.value);
  }
  return [...all].map(([of, counts]) => print(of, (counter) => counts.get(counter)!)).join("\n");
}

function handleLine(of: string, n: Counter): string {
  const [cpu, device] = of.split(" ");
  const way = (name: string): string => {
    const packets = n(`${name}_packets`);
    const chunks = n(`${name}_chunks`);
    const mean = chunks === 0 ? 0 : packets / chunks;
    return `${name.toUpperCase()} ${packets} packets, ${chunks} chunks, ${
      mean.toFixed(2)
    } packets/chunk`;
  };
  return `CPU ${cpu} ${device}: ${way("rx")}; ${way("tx")}`;
}

function gpuLine(node: string, n: Counter): string {
  const launches = n("launches");
  const mean = launches === 0 ? 0 : n("threads") / launches;
  return `GPU ${node}: ${launches} launches, ${mean.toFixed(1)} packets/launch, H2D ${
    n("h2d")
  } B, D2H ${n("d2h")} B`;
}
