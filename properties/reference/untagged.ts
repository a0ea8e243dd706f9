/** Frames as somebody sees them who takes priority tags off. Imports nothing but types. */
import type { Scenario } from "../../core/machine/device.ts";
import type { Traffic } from "../../core/machine/scenario.ts";
import type { Policy } from "../../core/policy.ts";

const MACS = 12;
const TAG = 4;

/** Traffic without tags, built once for each: it is asked for packet by packet, and traffic is not changed after use. */
const built = new WeakMap<Traffic, Traffic>();

/**
 * The scenario without 802.1Q tags of VLAN 0 (IEEE 802.1Q, 9.6: the tag then carries a priority only), if the policy
 * takes them off.
 */
export function withoutPriorityTags(scenario: Scenario, policy: Policy): Scenario {
  if (policy.priorityTags !== "strip" && policy.priorityTags !== "may") return scenario;
  let traffic = built.get(scenario.traffic);
  if (traffic === undefined) built.set(scenario.traffic, traffic = untagged(scenario.traffic));
  return traffic === scenario.traffic ? scenario : { ...scenario, traffic };
}

function untagged(traffic: Traffic): Traffic {
  const { count, bytes, offset, length } = traffic;
  const tagged = Array.from({ length: count }, (_, p) => p)
    .filter((p) => hasPriorityTag(bytes, offset[p]!, length[p]!));
  if (tagged.length === 0) return traffic;
  const room = tagged.reduce((sum, p) => sum + length[p]! - TAG, 0);
  const more = new Uint8Array(bytes.length + room);
  more.set(bytes);
  const [offsets, lengths] = [offset.slice(), length.slice()];
  let used = bytes.length;
  for (const p of tagged) {
    const at = offset[p]!;
    more.set(bytes.subarray(at, at + MACS), used);
    more.set(bytes.subarray(at + MACS + TAG, at + length[p]!), used + MACS);
    offsets[p] = used;
    lengths[p] = length[p]! - TAG;
    used += lengths[p]!;
  }
  return { ...traffic, bytes: more, offset: offsets, length: lengths };
}

function hasPriorityTag(bytes: Uint8Array, at: number, length: number): boolean {
  const isTagged = length >= MACS + TAG + 2 && bytes[at + MACS] === 0x81 && bytes[at + 13] === 0;
  return isTagged && bytes[at + 14]! % 16 === 0 && bytes[at + 15] === 0;
}
