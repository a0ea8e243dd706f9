/**
 * The reference of forwarders by ports (DPDK's testpmd): what comes in at a port leaves by the one that the
 * declared topology names, every byte as received but for the MAC addresses that the policy says are written.
 * Imports nothing but types, as the reference router.
 */
import type { Scenario } from "../../core/machine/device.ts";
import type { Policy } from "../../core/policy.ts";
import { DEFECT } from "./defects.ts";
import { rewritten } from "./rewrites.ts";
import type { Expectation } from "./expectation.ts";

/** IEEE 802.3, 3.2.7, without FCS: what the port itself refuses, whoever forwards. */
const FRAME_MIN = 60;
const FRAME_MAX = 1518;

/**
 * What may become of each packet of `scenario` in a forwarder that declares `policy.topology`: every frame of
 * a legal length leaves, or is consumed by a sink. Does not think of congestion. O(bytes).
 *
 * @throws {RangeError} when the policy declares no topology, or an egress port has no MAC address to write
 * @example
 * ```ts
 * import { referencePorts } from "@planecheck/planecheck/properties";
 * import { build, PLAIN_GEOMETRY, PLAIN_PACKET } from "@planecheck/planecheck/properties";
 * import { STRICT } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const packets = [{ ...PLAIN_PACKET, port: 1, src: 1, dst: 2 }];
 * const scenario = build({
 *   geometry: PLAIN_GEOMETRY, neighbours: [], routes: [], packets, deviations: [],
 * });
 * const expected = referencePorts(scenario, { ...STRICT, topology: "paired" });
 * assertEquals([expected.forward[0], expected.port[0]], [1, 0]);
 * assertEquals(expected.bytes, scenario.traffic.bytes);
 * ```
 */
export function referencePorts(scenario: Scenario, policy: Policy): Expectation {
  const { traffic, geometry } = scenario;
  const { count } = traffic;
  let room = 0;
  for (let p = 0; p < count; p++) room += traffic.length[p]!;
  const forward = new Uint8Array(count);
  const port = new Uint8Array(count);
  const reasons = new Uint32Array(count);
  const offset = new Uint32Array(count);
  const length = new Uint32Array(count);
  const bytes = new Uint8Array(room);
  const untold = new Set<number>();
  let used = 0;
  for (let p = 0; p < count; p++) {
    const size = traffic.length[p]!;
    const badFcs = traffic.badFcs?.[p] === 1 ? DEFECT["bad-fcs"] : 0;
    if (size < FRAME_MIN && policy.ports !== "virtual") reasons[p] = DEFECT.runt | badFcs;
    else if (size > FRAME_MAX) reasons[p] = DEFECT.oversize | badFcs;
    else if (badFcs !== 0) reasons[p] = badFcs;
    else if (policy.topology === "sink") reasons[p] = DEFECT.consumed;
    else {
      const from = traffic.offset[p]!;
      forward[p] = 1;
      port[p] = egressOf(policy, traffic.port[p]!, geometry.ports);
      offset[p] = used;
      length[p] = size;
      bytes.set(traffic.bytes.subarray(from, from + size), used);
      writeMacs(scenario, policy, port[p]!, bytes, used);
      const isTold = policy.rewrites === undefined ||
        rewritten(policy.rewrites, bytes.subarray(used, used + size));
      // what lies behind the frame takes part
      if (!isTold) untold.add(p);
      used += size;
    }
  }
  return {
    ...{ count, forward, port, reasons, offset, length, bytes },
    ...untold.size > 0 ? { untold } : {},
  };
}

function egressOf(policy: Policy, ingress: number, ports: number): number {
  const next = ingress + 1 === ports ? 0 : ingress + 1;
  if (policy.topology === "loop") return ingress;
  if (policy.topology === "chained") return next;
  if (policy.topology !== "paired") {
    throw new RangeError("Cannot pair ports: the policy declares no topology");
  }
  if (ingress % 2 === 1) return ingress - 1;
  return next === 0 ? ingress : next;
}

/** `out` holds the frame as received, from `at` on: destination first, then source. */
function writeMacs(
  scenario: Scenario,
  policy: Policy,
  egress: number,
  out: Uint8Array,
  at: number,
): void {
  const { portMac } = scenario.neighbours;
  if (policy.macs === "set" && egress * 6 + 6 > portMac.length) {
    throw new RangeError(`Cannot send from port ${egress}: it has no MAC address`);
  }
  for (let i = 0; i < 6; i++) {
    const [dst, src] = [out[at + i]!, out[at + 6 + i]!];
    if (policy.macs === "swap") {
      out[at + i] = src;
      out[at + 6 + i] = dst;
    } else if (policy.macs === "set") {
      // testpmd without --eth-peer: 02:00:00:00:00:PORT
      out[at + i] = i === 0 ? 2 : i === 5 ? egress : 0;
      out[at + 6 + i] = portMac[egress * 6 + i]!;
    }
  }
}
