/**
 * P2PNIC: NICs forward to each other over the PCIe switch; no CPU and no host memory touches a packet
 * (Ueno, Nakamura, Kuga, Esaki, "A NIC-driven Architecture for High-speed IP Packet Forwarding on
 * General-purpose Servers", Journal of Information Processing 30, 2022).
 */
import type { Policy } from "../../core/policy.ts";
import { type Dataplane, type Env, type Stack, STRICT } from "../../core/stack.ts";
import { BounceTransfer } from "./bounce.ts";
import { P2pnicFirmware } from "./firmware.ts";
import { type P2pnicOptions, settingsOf } from "./options.ts";
import { ReadTransfer, WriteTransfer } from "./peers.ts";
import { NicTable } from "./table.ts";

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
 * The stack.
 * @throws {RangeError} naming an option that is none
 *
 * @example
 * ```ts
 * import { p2pnic } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(p2pnic().policy!.hairpin, "drop");
 * ```
 */
export function p2pnic(options: P2pnicOptions = {}): Stack {
  const settings = settingsOf(options);
  const { variant, batch } = settings;
  const table = new NicTable(settings.table, settings.tableBytes);
  const stack = (env: Env): Dataplane => {
    const fib = table.load(env.fib);
    const transfer = new TRANSFERS[variant](env, batch);
    const firmware = new P2pnicFirmware(env, settings, fib, transfer);
    return { name: NAMES[variant], firmware, report: () => firmware.report() };
  };
  return Object.assign(stack, { policy: P2PNIC_POLICY });
}

const TRANSFERS = { wr: WriteTransfer, rd: ReadTransfer, bn: BounceTransfer } as const;
const NAMES = { wr: "p2pnic (Wr)", rd: "p2pnic (Rd)", bn: "p2pnic (Bn)" } as const;
