/**
 * The reference router: what must become of every packet of a scenario, and every byte of those that leave.
 * It reads RFC 1812 and the declared policy, knows no stack, and imports nothing but types, so that a mistake
 * in the core cannot be repeated here. It is written to be checked by reading, not to be fast.
 *
 * A packet with several defects may be dropped for any of them: which one a router meets first is its own
 * affair. Two groups end the inspection: a frame that the port refuses, for its length or its FCS, is seen by
 * nobody behind the MAC, and what is not IPv4 has no header to have defects.
 */
import type { Scenario } from "../../core/machine/device.ts";
import type { Policy } from "../../core/policy.ts";
import { DEFECT } from "./defects.ts";
import type { Expectation } from "./expectation.ts";
import { hopTo, membersOf, mtuOf } from "./_hops.ts";
import { referencePorts } from "./ports.ts";
import { withoutPriorityTags } from "./untagged.ts";

/** IEEE 802.3, 3.2.7: 64 bytes with the FCS, which the frames here lack. */
const FRAME_MIN = 60;
/** IEEE 802.3, 3.2.7: 1518 bytes with the FCS, and 4 for one VLAN tag. */
const FRAME_MAX = 1518;
/** What ends a frame at the MAC. */
const UNSEEN = DEFECT.runt | DEFECT.oversize | DEFECT["bad-fcs"];
/** Where the IPv4 header begins: after destination, source and EtherType. */
const IP = 14;
/** RFC 791, 3.1: the shortest header. */
const HEADER_MIN = 20;

/**
 * What may become of each packet of `scenario` in a router that declares `policy`: the frames to be forwarded
 * with egress port and bytes, and for the others every reason that is right. Does not think of congestion.
 * A policy with a `topology` is no router's: {@link referencePorts} answers then.
 *
 * @throws {RangeError} when a route names a next hop, or a next hop or packet a port, that does not exist
 * @example
 * ```ts
 * import { referenceRouter } from "@planecheck/planecheck/properties";
 * import { STRICT, writeUdpFrame } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = new Uint8Array(60);
 * writeUdpFrame(bytes, 0, { dstMac: 1, srcMac: 2, src: 0x0a000001, dst: 0x0a010203, ttl: 9 });
 * const expected = referenceRouter({
 *   geometry: {
 *     ports: 2, lcores: 1, rxRing: 8, txRing: 8, ingress: 8, spareBuffers: 8, poolCache: 1,
 *     peerSlots: 8, fidelity: "coarse", headerCredits: 8, dataCredits: 64, mps: 256,
 *   },
 *   routes: {
 *     count: 1,
 *     prefix: Uint32Array.of(0x0a010000),
 *     depth: Uint8Array.of(16),
 *     nextHop: Uint32Array.of(0),
 *   },
 *   neighbours: {
 *     count: 1,
 *     port: Uint8Array.of(1),
 *     mac: Uint8Array.of(2, 0, 0, 0, 9, 9),
 *     portMac: Uint8Array.of(2, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1),
 *   },
 *   traffic: {
 *     count: 1,
 *     port: Uint8Array.of(0),
 *     at: Float64Array.of(0),
 *     offset: Uint32Array.of(0),
 *     length: Uint32Array.of(60),
 *     bytes,
 *   },
 *   deviations: [],
 * }, STRICT);
 * assertEquals(expected.forward[0], 1);
 * assertEquals(expected.port[0], 1);
 * assertEquals(expected.bytes[14 + 8], 8); // TTL
 * ```
 */
export function referenceRouter(given: Scenario, policy: Policy): Expectation {
  if (policy.topology !== undefined) return referencePorts(given, policy);
  const scenario = withoutPriorityTags(given, policy);
  const { traffic } = scenario;
  const { count } = traffic;
  let room = 0;
  for (let p = 0; p < count; p++) room += traffic.length[p]!;
  const forward = new Uint8Array(count);
  const port = new Uint8Array(count);
  const reasons = new Uint32Array(count);
  const offset = new Uint32Array(count);
  const length = new Uint32Array(count);
  const bytes = new Uint8Array(room);
  const oneOf = new Map<number, readonly number[]>();
  const cut = new Set<number>();
  const untold = new Set<number>();
  let used = 0;
  for (let p = 0; p < count; p++) {
    let defects = linkDefects(scenario, policy, p);
    let nextHop = -1;
    let choice = 0;
    if ((defects & (UNSEEN | DEFECT["not-ip"])) === 0) {
      if (traffic.length[p]! >= IP + HEADER_MIN) {
        const hop = nextHopOf(scenario, policy, p);
        const hops = membersOf(scenario, hop);
        const each = hops.map((one) => routeDefects(scenario, policy, p, one));
        nextHop = hops[0] ?? hop;
        defects |= headerDefects(scenario, policy, p) | reversePath(scenario, policy, p) |
          ownAddress(scenario, policy, p);
        defects |= martian(scenario, policy, p);
        if (hops.length === 0) defects |= DEFECT.blackhole;
        else if (!each.includes(0)) defects |= each.reduce((all, one) => all | one);
        // one of several next hops may have no way for it, and the router has the choice
        else choice = each.reduce((all, one) => all | one);
        if (hops.length > 1) oneOf.set(p, hops);
        if (hops.some((one) => isCut(scenario, policy, p, one))) cut.add(p);
      } else defects |= DEFECT["bad-header"];
    }
    reasons[p] = defects;
    if (defects === 0) {
      choice |= choices(scenario, policy, p) | receiveChoice(scenario, policy, p);
      // its tag was taken off, which a router need not do
      const wasTagged = traffic.offset[p] !== given.traffic.offset[p];
      if (wasTagged && policy.priorityTags === "may") choice |= DEFECT["not-ip"];
      reasons[p] = choice;
      // what an option asks for may be done in its place
      if (choice & DEFECT["bad-option"]) untold.add(p);
    }
    if (defects !== 0) continue;
    const egress = nextHop < 0 ? traffic.port[p]! : scenario.neighbours.port[nextHop]!;
    forward[p] = 1;
    port[p] = egress;
    offset[p] = used;
    length[p] = policy.padding === "cut" ? IP + totalLengthOf(scenario, p) : traffic.length[p]!;
    writeForwarded(scenario, policy, p, egress, nextHop, bytes, used);
    used += length[p]!;
  }
  return {
    ...{ count, forward, port, reasons, offset, length, bytes },
    ...oneOf.size > 0 ? { oneOf } : {},
    ...cut.size > 0 ? { cut } : {},
    ...untold.size > 0 ? { untold } : {},
  };
}

/** What the port and the Ethernet header can be wrong in. */
function linkDefects(scenario: Scenario, policy: Policy, p: number): number {
  const { traffic } = scenario;
  const { bytes } = traffic;
  const length = traffic.length[p]!;
  const at = traffic.offset[p]!;
  let defects = traffic.badFcs?.[p] === 1 ? DEFECT["bad-fcs"] : 0;
  if (length < FRAME_MIN) defects |= policy.ports === "virtual" ? 0 : DEFECT.runt;
  // a port that sends more takes more
  const longest = policy.ports === "virtual" ? IP + 4 + mtuOf(policy, traffic.port[p]!) : 0;
  if (length > (Number.isFinite(longest) ? Math.max(FRAME_MAX, longest) : FRAME_MAX)) {
    defects |= DEFECT.oversize;
  }
  if (defects !== 0) return defects;
  const etherType = bytes[at + 12]! * 256 + bytes[at + 13]!;
  if (etherType !== 0x0800) defects |= DEFECT["not-ip"];
  const isGroup = bytes[at]! % 2 === 1;
  const looks = policy.checksDstMac === true || (policy.checksDstMac === "unicast" && !isGroup);
  if (looks && isForOther(scenario, p)) defects |= DEFECT["not-for-us"];
  return defects;
}

/** Whether the destination MAC address is not that of the ingress port. */
function isForOther(scenario: Scenario, p: number): boolean {
  const { traffic: { bytes, offset, port }, neighbours } = scenario;
  const own = macOfPort(scenario, port[p]!);
  for (let i = 0; i < 6; i++) {
    if (bytes[offset[p]! + i] !== neighbours.portMac[own + i]) return true;
  }
  return false;
}

/** RFC 1812, 5.2.2, as far as the policy looks, and 5.3.1. */
function headerDefects(scenario: Scenario, policy: Policy, p: number): number {
  const { bytes } = scenario.traffic;
  const ip = scenario.traffic.offset[p]! + IP;
  const delivered = scenario.traffic.length[p]! - IP;
  const version = Math.floor(bytes[ip]! / 16);
  const headerLength = (bytes[ip]! % 16) * 4;
  const totalLength = bytes[ip + 2]! * 256 + bytes[ip + 3]!;
  let defects = 0;
  if (version !== 4 && policy.header !== "lengths") defects |= DEFECT["bad-header"];
  if (headerLength < 20) defects |= DEFECT["bad-header"];
  if (policy.header === "minimal") {
    if (totalLength < 20) defects |= DEFECT["bad-header"];
  } else if (
    headerLength > delivered || totalLength < headerLength || totalLength > delivered
  ) {
    defects |= DEFECT["bad-header"];
  }
  if (policy.checksum === "verify" && headerLength >= 20) {
    // A header that ends behind the frame cannot be verified: the packet must go, by either name.
    if (headerLength > delivered) defects |= DEFECT["bad-header"] | DEFECT["bad-checksum"];
    else if (headerSum(bytes, ip, headerLength) !== 0xffff) defects |= DEFECT["bad-checksum"];
  }
  if (policy.options === "punt" && headerLength !== 20) defects |= DEFECT.consumed;
  const isTinyFragment = (bytes[ip + 6]! % 32) * 256 + bytes[ip + 7]! === 1;
  if (policy.tinyFragments === "drop" && isTinyFragment) defects |= DEFECT["bad-header"];
  if (policy.ttl === "drop" && bytes[ip + 8]! <= 1) defects |= DEFECT.ttl;
  if (policy.options === "parse" && headerLength <= delivered && optionsOf(scenario, p) === null) {
    defects |= DEFECT["bad-option"];
  }
  return defects;
}

/** RFC 791, 3.1: types of the options of a header, or null where one has no room for its length. */
function optionsOf(scenario: Scenario, p: number): number[] | null {
  const { bytes } = scenario.traffic;
  const ip = scenario.traffic.offset[p]! + IP;
  const end = ip + (bytes[ip]! % 16) * 4;
  const types: number[] = [];
  for (let at = ip + HEADER_MIN; at < end;) {
    const type = bytes[at]!;
    if (type === 0) break; // end of option list
    const length = type === 1 ? 1 : at + 1 < end ? bytes[at + 1]! : 0;
    if (length < (type === 1 ? 1 : 2) || at + length > end) return null;
    if (type !== 1) types.push(type);
    at += length;
  }
  return types;
}

/** RFC 791: record route, timestamp, security, loose and strict source route; RFC 2113: router alert; CIPSO. */
const ACTED_ON = [7, 68, 130, 131, 137, 148, 134];

/** Why a packet that may be forwarded may be dropped as well. */
function choices(scenario: Scenario, policy: Policy, p: number): number {
  const asked = policy.options === "parse" ? optionChoice(scenario, p) : 0;
  if (policy.mayDropAs === undefined) return asked;
  const { mayDropAs, ...rest } = policy;
  const stricter: Policy = { ...rest, ...mayDropAs };
  const defects = linkDefects(scenario, stricter, p) | headerDefects(scenario, stricter, p) |
    martian(scenario, stricter, p);
  return defects !== 0 ? asked | defects : asked | choices(scenario, stricter, p);
}

/** An option asks the router to do something: it may do so, or not, or drop the packet. */
function optionChoice(scenario: Scenario, p: number): number {
  const asks = optionsOf(scenario, p)!.some((type) => ACTED_ON.includes(type));
  return asks ? DEFECT["bad-option"] : 0;
}

function routeDefects(scenario: Scenario, policy: Policy, p: number, nextHop: number): number {
  if (nextHop < 0) return policy.onMiss === "drop" ? DEFECT["no-route"] : 0;
  if (tooBig(scenario, policy, p, nextHop)) return DEFECT["too-big"];
  const back = scenario.neighbours.port[nextHop] === scenario.traffic.port[p];
  return back && policy.hairpin === "drop" ? DEFECT.hairpin : 0;
}

/** RFC 791, 2.3: what is longer than the MTU, and must not be cut. */
function tooBig(scenario: Scenario, policy: Policy, p: number, nextHop: number): boolean {
  const mtu = mtuOf(policy, scenario.neighbours.port[nextHop]!);
  return mustNotBeCut(scenario, p) && totalLengthOf(scenario, p) > mtu;
}

/** RFC 791, 3.2: what is longer than the MTU, and is cut into fragments. */
function isCut(scenario: Scenario, policy: Policy, p: number, nextHop: number): boolean {
  const mtu = mtuOf(policy, scenario.neighbours.port[nextHop]!);
  return policy.tooLong === "cut" && !mustNotBeCut(scenario, p) &&
    totalLengthOf(scenario, p) > mtu;
}

function mustNotBeCut({ traffic }: Scenario, p: number): boolean {
  return Math.floor(traffic.bytes[traffic.offset[p]! + IP + 6]! / 64) % 2 === 1;
}

/** Why a port may not receive a frame: a virtual one need take no more than its own MTU. */
function receiveChoice({ traffic }: Scenario, policy: Policy, p: number): number {
  const longest = IP + mtuOf(policy, traffic.port[p]!);
  return policy.ports === "virtual" && traffic.length[p]! > longest ? DEFECT.oversize : 0;
}

/** RFC 3704, 2: whether the way back to where the packet comes from is not as the policy asks. */
function reversePath(scenario: Scenario, policy: Policy, p: number): number {
  if (policy.reversePath === undefined) return 0;
  const { traffic, neighbours } = scenario;
  const src = addressAt(traffic.bytes, traffic.offset[p]! + IP + 12);
  const hop = hopTo(scenario, policy, src);
  const back = hop < 0 ? [] : membersOf(scenario, hop);
  const isRight = policy.reversePath === "loose"
    ? back.length > 0
    : back.some((one) => neighbours.port[one] === traffic.port[p]);
  return isRight ? 0 : DEFECT["reverse-path"];
}

/** RFC 1812, 5.3.7: whether it comes from or goes to where the policy forwards nothing. */
function martian(scenario: Scenario, policy: Policy, p: number): number {
  const { martianSources = [], martianDestinations = [] } = policy;
  const ip = scenario.traffic.offset[p]! + IP;
  const src = addressAt(scenario.traffic.bytes, ip + 12);
  const dst = addressAt(scenario.traffic.bytes, ip + 16);
  const isOne = martianSources.some((prefix) => covers(prefix, src)) ||
    martianDestinations.some((prefix) => covers(prefix, dst));
  return isOne ? DEFECT.martian : 0;
}

/** RFC 1812, 5.2.3: whether it is for the router itself, or says that it is from there. */
function ownAddress({ traffic }: Scenario, { originates }: Policy, p: number): number {
  const { isHost, addresses = [] } = originates ?? {};
  if (isHost !== true) return 0;
  const ip = traffic.offset[p]! + IP;
  const isOwn = (field: number) => addresses.includes(addressAt(traffic.bytes, field));
  return (isOwn(ip + 12) ? DEFECT.martian : 0) | (isOwn(ip + 16) ? DEFECT.consumed : 0);
}

/** First address and number of addresses of each prefix that was asked for. */
const prefixes = new Map<string, readonly [first: number, count: number]>();

/** Whether an address is within a prefix, e.g. `127.0.0.0/8`. */
function covers(prefix: string, address: number): boolean {
  let known = prefixes.get(prefix);
  if (known === undefined) {
    const [network, depth] = prefix.split("/");
    const first = network!.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
    known = [first, 2 ** (32 - Number(depth))];
    prefixes.set(prefix, known);
  }
  return address >= known[0] && address < known[0] + known[1];
}

function addressAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! * 256 + bytes[at + 1]!) * 256 + bytes[at + 2]!) * 256 + bytes[at + 3]!;
}

function totalLengthOf(scenario: Scenario, p: number): number {
  const at = scenario.traffic.offset[p]! + IP + 2;
  return scenario.traffic.bytes[at]! * 256 + scenario.traffic.bytes[at + 1]!;
}

function nextHopOf(scenario: Scenario, policy: Policy, p: number): number {
  const { bytes } = scenario.traffic;
  const dst = addressAt(bytes, scenario.traffic.offset[p]! + IP + 16);
  const nextHop = hopTo(scenario, policy, dst);
  if (nextHop >= scenario.neighbours.count) {
    throw new RangeError(
      `Cannot route packet ${p}: next hop ${nextHop} is not one of ${scenario.neighbours.count}`,
    );
  }
  return nextHop;
}

/** The frame as it must leave: both MAC addresses, TTL and checksum are new, all else as received. */
function writeForwarded(
  scenario: Scenario,
  policy: Policy,
  p: number,
  egress: number,
  nextHop: number,
  out: Uint8Array,
  at: number,
): void {
  const { traffic, neighbours } = scenario;
  const { bytes } = traffic;
  const from = traffic.offset[p]!;
  const length = policy.padding === "cut" ? IP + totalLengthOf(scenario, p) : traffic.length[p]!;
  out.set(bytes.subarray(from, from + length), at);
  const own = macOfPort(scenario, egress);
  for (let i = 0; i < 6; i++) {
    // DPDK's l3fwd without --eth-dest: 02:00:00:00:00:PORT.
    const ofPort = i === 0 ? 2 : i === 5 ? egress : 0;
    const byPort = policy.dstMac === "port" || nextHop < 0;
    out[at + i] = byPort ? ofPort : neighbours.mac[nextHop * 6 + i]!;
    out[at + 6 + i] = neighbours.portMac[own + i]!;
  }
  const ip = at + IP;
  const ttl = out[ip + 8]!;
  const newTtl = ttl === 0 ? 255 : ttl - 1;
  out[ip + 8] = newTtl;
  const old = out[ip + 10]! * 256 + out[ip + 11]!;
  const checksum = policy.checksumUpdate === "increment"
    ? incremented(old)
    : policy.checksum === "verify"
    ? recomputed(out, ip)
    : adjusted(old, newTtl - ttl);
  out[ip + 10] = Math.floor(checksum / 256);
  out[ip + 11] = checksum % 256;
}

/** RFC 1071: the one's complement sum of the header's words; 0xffff says that the checksum in it is right. */
function headerSum(bytes: Uint8Array, ip: number, headerLength: number): number {
  let sum = 0;
  for (let i = 0; i < headerLength; i += 2) {
    sum += bytes[ip + i]! * 256 + bytes[ip + i + 1]!;
    if (sum > 0xffff) sum -= 0xffff;
  }
  return sum;
}

/** The checksum that the header ought to have: computed with zero in its place. */
function recomputed(bytes: Uint8Array, ip: number): number {
  bytes[ip + 10] = 0;
  bytes[ip + 11] = 0;
  return 0xffff - headerSum(bytes, ip, (bytes[ip]! % 16) * 4);
}

/**
 * RFC 1624 in the arithmetic that it is made of, modulo 65535: the TTL is the high byte of its word, so the
 * word grows by 256 for each step and the checksum shrinks by as much. RFC 1624, section 3: of the two zeros
 * the result is 0x0000, never 0xffff.
 */
function adjusted(checksum: number, ttlChange: number): number {
  return (checksum - ttlChange * 256 + 2 * 65535) % 65535;
}

/** `uint16_t` plus one as a little-endian CPU sees it: first byte of the field lowest, wraps to zero. */
function incremented(checksum: number): number {
  const asLoaded = (checksum % 256) * 256 + Math.floor(checksum / 256);
  const next = asLoaded === 0xffff ? 0 : asLoaded + 1;
  return (next % 256) * 256 + Math.floor(next / 256);
}

/** Where the MAC address of a port begins in `portMac`. */
function macOfPort(scenario: Scenario, port: number): number {
  const at = port * 6;
  if (at + 6 > scenario.neighbours.portMac.length) {
    throw new RangeError(
      `Cannot use port ${port}: only ${scenario.neighbours.portMac.length / 6} have a MAC address`,
    );
  }
  return at;
}
