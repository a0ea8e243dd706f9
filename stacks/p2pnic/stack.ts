/**
 * P2PNIC: NICs forward to each other over the PCIe switch; no CPU and no host memory touches a packet
 * (Ueno, Nakamura, Kuga, Esaki, "A NIC-driven Architecture for High-speed IP Packet Forwarding on
 * General-purpose Servers", Journal of Information Processing 30, 2022).
 */
import type { Policy } from "../../core/policy.ts";
import { type Dataplane, type Env, type Stack, STRICT } from "../../core/stack.ts";
import { STRIDE } from "../../core/memory/memory.ts";
import { BounceTransfer } from "./bounce.ts";
import { CheckedWriteTransfer } from "./checked.ts";
import { Driver } from "./driver.ts";
import { P2pnicFirmware } from "./firmware.ts";
import { type P2pnicOptions, type Settings, settingsOf } from "./options.ts";
import { ReadTransfer, WriteTransfer } from "./peers.ts";
import { reportOf } from "./report.ts";
import { NicTable } from "./table.ts";
import type { Transfer } from "./transfer.ts";

/**
 * What P2PNIC declares: a route back to the ingress port has no ring.
 *
 * @example
 * ```ts
 * import { p2pnic, P2PNIC_POLICY } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(p2pnic().policy, P2PNIC_POLICY);
 * ```
 */
export const P2PNIC_POLICY: Policy = { ...STRICT, hairpin: "drop" };

/**
 * The stack, in one of its variants; it may be booted on any machine, and again.
 *
 * A run throws a `RangeError` that names the bytes when the NICs' memory does not hold rings, buffers or table.
 * @throws {RangeError} naming an option that is none, and what was expected
 *
 * @example
 * ```ts
 * import { Testbed } from "@planecheck/planecheck/core";
 * import { machineProfile, paperHost } from "@planecheck/planecheck/fixtures";
 * import { build, PLAIN_GEOMETRY, PLAIN_PACKET } from "@planecheck/planecheck/properties";
 * import { p2pnic } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * const scenario = build({
 *   geometry: PLAIN_GEOMETRY,
 *   neighbours: [0, 1],
 *   routes: [{ prefix: 0x0a010000, depth: 16, nextHop: 1 }],
 *   packets: [{ ...PLAIN_PACKET, src: 0x0a000001, dst: 0x0a010001 }],
 *   deviations: [],
 * });
 * const steps: string[] = [];
 * const rd = p2pnic({
 *   variant: "rd",
 *   trace: (_at, step, tlp, from, to, carries) => steps.push(`${step} ${from}>${to} ${tlp} ${carries}`),
 * });
 * const device = new Testbed(rd, machineProfile(paperHost));
 * assertEquals([device.run(scenario).outCount, device.name], [1, "p2pnic (Rd)"]);
 * assertEquals(steps, ["1 1>2 MWr descriptors", "2 2>1 MRd frame", "3 2>1 MWr completions"]);
 * ```
 */
export function p2pnic(options: P2pnicOptions = {}): Stack {
  const settings = settingsOf(options);
  const kinds = settings.table === undefined ? TABLES : [settings.table];
  const table = new NicTable(kinds, settings.tableBytes);
  const stack = (env: Env): Dataplane => {
    const { nics, peerSlots, nicBuffers } = env.hardware;
    const { variant, log = () => {}, trace } = settings;
    const fib = table.load(env.fib);
    const driver = new Driver(variant, nics.length, peerSlots, nicBuffers * STRIDE, log);
    const transfer = transferOf(env, settings);
    if (trace !== undefined) transfer.trace(trace);
    const firmware = new P2pnicFirmware(env, settings, fib, transfer);
    const parts = { env, fib, tableBytes: table.limit, driver, firmware, transfer };
    return { name: `p2pnic (${NAMES[variant]})`, firmware, report: () => reportOf(parts) };
  };
  return Object.assign(stack, { policy: P2PNIC_POLICY });
}

/** The paper's table, and a compressed one for those that it is too large for. */
const TABLES = ["state-jump", "dxr"] as const;
const NAMES = { wr: "Wr", rd: "Rd", bn: "Bn" } as const;

function transferOf(env: Env, settings: Settings): Transfer {
  const { variant, batch, creditMode } = settings;
  if (variant === "rd") return new ReadTransfer(env, batch);
  if (variant === "bn") return new BounceTransfer(env, batch);
  return creditMode === "none"
    ? new CheckedWriteTransfer(env, settings)
    : new WriteTransfer(env, batch);
}
