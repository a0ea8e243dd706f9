/**
 * DPDK's testpmd as a device, from captures to captures (net_pcap), in the forwarding modes that a policy of
 * ports can tell. testpmd goes on for ever; it is stopped after a while, and a fence behind the frames of each port
 * says whether it had come to their end. One that had not is started again and given longer.
 */
import type { Scenario } from "../../../core/machine/device.ts";
import { Observation } from "../../../core/machine/observation.ts";
import type { Policy } from "../../../core/policy.ts";
import { STRICT } from "../../../core/stack.ts";
import type { Traffic } from "../../../core/machine/scenario.ts";
import { readFolder, writeFolder } from "../captures.ts";
import { observe, type Sent } from "../observe.ts";
import { Fences } from "./fence.ts";
import type { LiveDevice } from "./live_device.ts";
import { makeScratch, runCommand } from "./scratch.ts";

/** Name of a forwarding mode. */
export type TestpmdMode = "io" | "mac" | "macswap" | "5tswap" | "csum";

/** What each mode writes. */
const WRITES: { readonly [mode in TestpmdMode]: Pick<Policy, "macs" | "rewrites"> } = {
  io: { macs: "keep" },
  mac: { macs: "set" },
  macswap: { macs: "swap" },
  "5tswap": { macs: "swap", rewrites: "5-tuple" },
  csum: { macs: "set", rewrites: "checksums" },
};

/** The modes by name. */
export const TESTPMD_MODES: readonly TestpmdMode[] = ["io", "mac", "macswap", "5tswap", "csum"];

/** Seconds before it is stopped: at first, and at most. */
const WAIT_S = 0.3;
const WAIT_MAX_S = 8;
const EVENTS = 50_000;
const FENCE_BYTES = 60;

/**
 * testpmd as a device under test. It lasts until it is closed.
 *
 * @throws {Error} when dpdk-testpmd is missing
 * @example
 * ```ts
 * import { TESTPMD_MODES, testpmdDevice } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * // needs dpdk-testpmd:
 * // const device = testpmdDevice("macswap");
 * assertEquals([typeof testpmdDevice, TESTPMD_MODES.length], ["function", 5]);
 * ```
 */
export function testpmdDevice(mode: TestpmdMode): LiveDevice {
  runCommand(["sh", "-c", "command -v dpdk-testpmd"]);
  const name = `testpmd:${mode}`;
  const folder = makeScratch();
  const observation = new Observation();
  const policy: Policy = {
    ...{ ...STRICT, checksum: "trust", header: "minimal", ttl: "ignore" },
    ...{ topology: "paired", ...WRITES[mode], ports: "virtual", congestion: [] },
  };
  const run = (scenario: Scenario): Observation => {
    const sent = forwarded(folder, mode, scenario);
    observation.events = EVENTS;
    return observe(observation, name, policy, scenario, sent);
  };
  const close = () => Deno.removeSync(folder, { recursive: true });
  return { name, policy, offers: new Set(["frames", "fates"]), run, close };
}

function forwarded(folder: string, mode: TestpmdMode, scenario: Scenario): Sent {
  const { ports } = scenario.geometry;
  for (let wait = WAIT_S;; wait *= 2) {
    const fences = new Fences(ports);
    writeFolder(folder, { ...scenario, traffic: withFences(scenario.traffic, ports, fences) });
    for (let p = 0; p < ports; p++) removeIfThere(`${folder}/out${p}.pcap`);
    runCommand(["sh", "-c", commandOf(folder, mode, ports, wait)]);
    const { bytes, frames } = readFolder(folder, ports);
    const kept = frames.filter(({ port, offset, length }) =>
      !fences.isFence(port, bytes, offset, length)
    );
    if (fences.outstanding > 0) {
      if (wait >= WAIT_MAX_S) throw fences.lost(wait * 1000);
      continue;
    }
    if (WRITES[mode].macs === "set") ownNames(bytes, kept, scenario.neighbours.portMac);
    const { rewrites } = WRITES[mode];
    return { bytes, frames: rewrites === undefined ? kept : inTurn(kept, scenario) };
  }
}

/** Frames with their packets by their turn: what rewrites more than addresses leaves little to tell them by. */
function inTurn(
  frames: Sent["frames"],
  { traffic, geometry: { ports } }: Scenario,
): Sent["frames"] {
  const queues = Array.from({ length: ports }, (): number[] => []);
  for (let i = 0; i < traffic.count; i++) {
    if (isTaken(traffic, i)) queues[pairOf(traffic.port[i]!, ports)]!.push(i);
  }
  return frames.map((frame) => ({ ...frame, packet: queues[frame.port]!.shift() ?? -1 }));
}

/** Whether frame `i` is put into a capture: an interface refuses the others. */
function isTaken({ length, badFcs }: Traffic, i: number): boolean {
  return length[i]! <= 1518 && badFcs?.[i] !== 1;
}

/** The other port of a pair; an odd last one is its own. */
function pairOf(port: number, ports: number): number {
  return (port ^ 1) < ports ? port ^ 1 : port;
}

/** What a port takes, without frames that an interface refuses, and a fence behind it. */
function withFences(traffic: Traffic, ports: number, fences: Fences): Traffic {
  const kept: number[] = [];
  for (let i = 0; i < traffic.count; i++) {
    if (isTaken(traffic, i)) kept.push(i);
  }
  const count = kept.length + ports;
  const bytes = new Uint8Array(traffic.bytes.length + ports * FENCE_BYTES);
  bytes.set(traffic.bytes);
  const at = (p: number) => traffic.bytes.length + p * FENCE_BYTES;
  for (let p = 0; p < ports; p++) {
    bytes.set(fences.next(p, pairOf(p, ports), () => new Uint8Array(FENCE_BYTES))!, at(p));
  }
  const last = traffic.at[traffic.count - 1] ?? 0;
  const of = (array: ArrayLike<number>, fence: (p: number) => number) =>
    Array.from(
      { length: count },
      (_, i) => i < kept.length ? array[kept[i]!]! : fence(i - kept.length),
    );
  return {
    count,
    port: Uint8Array.from(of(traffic.port, (p) => p)),
    at: Float64Array.from(of(traffic.at, () => last)),
    offset: Uint32Array.from(of(traffic.offset, at)),
    length: Uint32Array.from(of(traffic.length, () => FENCE_BYTES)),
    bytes,
  };
}

/** The end of its input ends it; the forwarding has begun by then, or the fences tell. */
function commandOf(folder: string, mode: string, ports: number, waitS: number): string {
  const devices = Array.from(
    { length: ports },
    (_, p) => `--vdev=net_pcap${p},rx_pcap=${folder}/in${p}.pcap,tx_pcap=${folder}/out${p}.pcap`,
  );
  return `sleep ${waitS} | dpdk-testpmd --no-huge -m 64 --no-pci --no-telemetry --no-shconf ` +
    `--lcores=0@0,1@0 --log-level=1 --file-prefix=planecheck_${Deno.pid} ${devices.join(" ")} ` +
    `-- --forward-mode=${mode} --port-topology=paired --no-flush-rx --total-num-mbufs=4096`;
}

/**
 * The address of a net_pcap port is 02:70:63:61:70:PORT; here it goes by the name that the scenario has for it. What
 * has another source stays as it is.
 */
function ownNames(bytes: Uint8Array, frames: Sent["frames"], portMac: Uint8Array): void {
  for (const { port, offset } of frames) {
    const own = [2, 0x70, 0x63, 0x61, 0x70, port];
    if (own.every((byte, i) => bytes[offset + 6 + i] === byte)) {
      bytes.set(portMac.subarray(port * 6, port * 6 + 6), offset + 6);
    }
  }
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
