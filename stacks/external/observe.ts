/**
 * What came out of a device, as an Observation. The device has no time of the scenario: a frame counts as sent a
 * nanosecond after its packet came, or when the frame before it was. What never came out counts as lost in the
 * device, for no reason that it tells.
 */
import { GENERATED } from "../../core/machine/accounts.ts";
import type { Scenario } from "../../core/machine/device.ts";
import type { Observation } from "../../core/machine/observation.ts";
import { type Policy, REASON } from "../../core/policy.ts";
import { Identities } from "./identity.ts";

const STEP_PS = 1000;
const ICMP = 1;
/** Types of ICMP errors (RFC 792): unreachable, source quench, redirect, time exceeded, parameter problem. */
const ERRORS = [3, 4, 5, 11, 12];

/** A frame that a device sent. */
export interface SentFrame {
  readonly port: number;
  /** Where its bytes lie in those that the device sent. */
  readonly offset: number;
  readonly length: number;
  /** The packet in it, where that is known otherwise than by its bytes. */
  readonly packet?: number;
}

/** All that a device sent, each port's frames in order. */
export interface Sent {
  readonly bytes: Uint8Array;
  readonly frames: readonly SentFrame[];
}

/**
 * Writes what a device named `name` made of a scenario into `o`; with `ignoresGroups` without what it says to a group and
 * carries no packet.
 */
export function observe(
  o: Observation,
  name: string,
  policy: Policy,
  { traffic, geometry }: Scenario,
  sent: Sent,
  ignoresGroups = false,
): Observation {
  const { count, at } = traffic;
  const identities = new Identities(traffic);
  o.reset(count, geometry.fidelity);
  const place = o.addPlace(name);
  const seen = new Uint8Array(count);
  const last = at[count - 1] ?? 0;
  let now = 0;
  for (const { port, offset, length, packet: known } of sent.frames) {
    const packet = known ?? packetOf(policy, identities, port, sent.bytes, offset, length);
    if (packet < 0 && ignoresGroups && (sent.bytes[offset]! & 1) === 1) continue;
    const more = packet >= 0 && seen[packet] === 1 && identities.isPart;
    if (packet >= 0) {
      seen[packet] = 1;
      now = Math.max(now, at[packet]!);
      // nothing says which packet gave cause for it, but all had come by then
    } else if (packet === GENERATED) now = Math.max(now, last);
    now += STEP_PS;
    o.emit(packet, port, place, now, now, sent.bytes, offset, length, more);
  }
  for (let p = 0; p < count; p++) if (seen[p] === 0) o.drop(p, REASON.other, place, at[p]!);
  o.ports = [];
  o.end = "quiet";
  o.endPs = Math.max(now, last) + STEP_PS;
  return o;
}

/** The packet in a frame; GENERATED where it is of the device's own making, -1 where nobody knows. */
function packetOf(
  policy: Policy,
  identities: Identities,
  port: number,
  bytes: Uint8Array,
  at: number,
  length: number,
): number {
  if (isOwn(policy, port, bytes, at, length)) return GENERATED;
  const packet = identities.exactly(bytes, at, length);
  if (packet >= 0) return packet;
  return isError(policy, bytes, at, length) ? GENERATED : identities.likely(bytes, at, length);
}

/** Whether a frame is of the device's own making by its source: an ICMP error from an address of its own, or ARP. */
function isOwn(
  { originates }: Policy,
  port: number,
  bytes: Uint8Array,
  at: number,
  length: number,
): boolean {
  if (originates === undefined || length < 42 || bytes[at + 12] !== 8) return false;
  if (bytes[at + 13] === 6) return originates.arp !== undefined;
  if (bytes[at + 13] !== 0) return false;
  const source = bytes[at + 26]! * 2 ** 24 +
    (bytes[at + 27]! << 16 | bytes[at + 28]! << 8 | bytes[at + 29]!);
  const { addresses = [], isHost = false, form } = originates;
  if (isHost && addresses.includes(source)) return true;
  if (!isIcmpError(bytes, at)) return false;
  return form === "any" ? addresses.includes(source) : source === addresses[port];
}

/** Whether a frame that carries no packet that was offered is an ICMP error from a device with unknown addresses. */
function isError({ originates }: Policy, bytes: Uint8Array, at: number, length: number): boolean {
  return originates !== undefined && originates.addresses === undefined && length >= 42 &&
    bytes[at + 12] === 8 && isIcmpError(bytes, at);
}

/** What Ethernet type 0x08.. and 42 bytes at least leave to be seen. */
function isIcmpError(bytes: Uint8Array, at: number): boolean {
  return bytes[at + 13] === 0 && bytes[at + 14] === 0x45 && bytes[at + 23] === ICMP &&
    ERRORS.includes(bytes[at + 34]!);
}
