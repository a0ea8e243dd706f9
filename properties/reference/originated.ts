/**
 * What a router may say of its own accord about a packet: the ICMP error that RFC 792 and RFC 1812, 4.3, give it
 * for the packet's defects, and the ARP request of RFC 826 for its next hop. Written to be checked by reading;
 * imports nothing but types.
 */
import type { Scenario } from "../../core/machine/device.ts";
import type { Originated, Policy } from "../../core/policy.ts";
import { DEFECT } from "./defects.ts";
import type { Expectation } from "./expectation.ts";
import { hopTo, membersOf, mtuOf } from "./_hops.ts";
import { withoutPriorityTags } from "./untagged.ts";

/** Where the IPv4 header begins in a frame. */
const IP = 14;
/** RFC 1812, 4.3.2.3: no ICMP message is longer than this. */
const MESSAGE_MAX = 576;

/** A frame that may be sent, and the port that it leaves by. */
export interface OriginatedFrame {
  /** Egress port. */
  readonly port: number;
  /** Its bytes; the IPv4 identification, bytes 18 and 19, and the checksum that depends on it are left at 0. */
  readonly bytes: Uint8Array;
}

/**
 * Every ICMP error that may be sent about packet `p`, of which `e` says what may become of it; with `quote` bytes of
 * it where its sender's addresses are not declared, else with as many as there may be.
 */
export function icmpErrors(
  given: Scenario,
  policy: Policy,
  p: number,
  e: Expectation,
  quote: number,
): OriginatedFrame[] {
  const own = policy.originates;
  const scenario = withoutPriorityTags(given, policy);
  const defects = e.reasons[p]!;
  // RFC 1812, 5.2.2: what is not a right packet for this router is discarded silently
  const silent = DEFECT["bad-header"] | DEFECT["bad-checksum"] | DEFECT["not-ip"] |
    DEFECT["not-for-us"] | DEFECT.runt | DEFECT.oversize | DEFECT.martian;
  if (own === undefined || defects & silent || !mayAnswer(scenario, policy, p)) return [];
  const { bytes } = scenario.traffic;
  const ip = scenario.traffic.offset[p]! + IP;
  const home = hopTo(scenario, policy, u32(bytes, ip + 12));
  if (home < 0) return [];
  const there = hopTo(scenario, policy, u32(bytes, ip + 16));
  const frames: OriginatedFrame[] = [];
  const ingress = scenario.traffic.port[p]!;
  const add = (from: Uint8Array, at: number, error: readonly [number, number, number]): void => {
    for (const nextHop of membersOf(scenario, home)) {
      frames.push(icmpError(scenario, policy, from, at, { nextHop, ingress, quote }, error));
    }
  };
  if (defects & DEFECT.ttl) add(bytes, ip, [11, 0, 0]);
  if (defects & DEFECT["no-route"]) {
    add(bytes, ip, [3, 0, 0]);
    // RFC 1812, 5.2.7.1: host unreachable, where it may be the last router
    if (own.addresses === undefined) add(bytes, ip, [3, 1, 0]);
  }
  if (defects & DEFECT["too-big"]) {
    const ports = membersOf(scenario, there).map((hop) => scenario.neighbours.port[hop]!);
    for (const mtu of new Set(ports.map((port) => mtuOf(policy, port)))) {
      add(bytes, ip, [3, 4, mtu]);
    }
  }
  // RFC 1812, 5.2.7.1; a blackhole says nothing
  const nowhere = scenario.neighbours.special?.get(there);
  if (nowhere === "unreachable") add(bytes, ip, [3, 1, 0]);
  if (nowhere === "prohibit") add(bytes, ip, [3, 13, 0]);
  if (defects & DEFECT["bad-option"]) {
    // RFC 1812, 4.3.3.5: the pointer says which byte, and routers differ in which one they mean
    const end = (bytes[ip]! % 16) * 4;
    for (let at = 20; at < end; at++) add(bytes, ip, [12, 0, at * 2 ** 24]);
  }
  // Nobody can say beforehand whether a next hop will answer; what waits for it is ready to be sent.
  if (own.arp !== undefined && defects === 0) add(e.bytes, e.offset[p]! + IP, [3, 1, 0]);
  return frames;
}

/** RFC 1812, 4.3.2.7: when no ICMP error may be sent. */
function mayAnswer(scenario: Scenario, policy: Policy, p: number): boolean {
  const { bytes } = scenario.traffic;
  const at = scenario.traffic.offset[p]!;
  if (scenario.traffic.length[p]! < IP + 20 || bytes[at + 12] !== 8 || bytes[at + 13] !== 0) {
    return false;
  }
  const ip = at + IP;
  const isGroupFrame = bytes[at]! % 2 === 1;
  const isLaterFragment = (bytes[ip + 6]! % 32) * 256 + bytes[ip + 7]! !== 0;
  const src = bytes[ip + 12]!;
  // a policy that names its martians means these: what comes from one is silently dropped already
  const isNoHost = policy.martianSources === undefined &&
    (src === 0 || src === 127 || src >= 224);
  const first = bytes[ip + 16]!;
  const isBroadcast = bytes.subarray(ip + 16, ip + 20).every((byte) => byte === 255);
  const isGroup = first >= 224 && first < 240 || isBroadcast;
  if (isGroupFrame || isLaterFragment || isNoHost || isGroup) return false;
  if (bytes[ip + 9] !== 1) return true;
  const headerLength = (bytes[ip]! % 16) * 4;
  const totalLength = bytes[ip + 2]! * 256 + bytes[ip + 3]!;
  // about an ICMP message only when it is there to be seen that it is no error
  return totalLength > headerLength && ![3, 4, 5, 11, 12].includes(bytes[ip + headerLength]!);
}

/** The frame of one error about the packet whose header is at `about[ip]`, as it goes to a next hop. */
function icmpError(
  scenario: Scenario,
  policy: Policy,
  about: Uint8Array,
  ip: number,
  { nextHop, ingress, quote }: {
    readonly nextHop: number;
    readonly ingress: number;
    readonly quote: number;
  },
  [type, code, rest]: readonly [number, number, number],
): OriginatedFrame {
  const { neighbours } = scenario;
  const own = policy.originates!;
  const { source = "egress", tos: ownTos, ttl = 64 } = own.icmpHeader ?? {};
  const port = neighbours.port[nextHop]!;
  const totalLength = about[ip + 2]! * 256 + about[ip + 3]!;
  const most = Math.min(totalLength, Math.min(MESSAGE_MAX, mtuOf(policy, port)) - 28);
  // RFC 792: the header and the first 8 bytes behind it
  const least = Math.min(most, (about[ip]! % 16) * 4 + 8);
  const quoted = isOpen(own) ? Math.min(Math.max(quote, least), most) : most;
  const out = new Uint8Array(IP + 28 + quoted);
  out.set(neighbours.mac.subarray(nextHop * 6, nextHop * 6 + 6), 0);
  out.set(neighbours.portMac.subarray(port * 6, port * 6 + 6), 6);
  out[12] = 8;
  const length = 28 + quoted;
  // RFC 1812, 4.3.2.5: precedence 6, internetwork control; the packet's own type of service
  const tos = ownTos ?? 0xc0 + (about[ip + 1]! & 0x1e);
  out.set([0x45, tos, Math.floor(length / 256), length % 256, 0, 0, 0, 0, ttl, 1, 0, 0], IP);
  putU32(out, IP + 12, own.addresses?.[source === "egress" ? port : ingress] ?? 0);
  out.set(about.subarray(ip + 12, ip + 16), IP + 16);
  out.set([type, code, 0, 0], IP + 20);
  putU32(out, IP + 24, rest);
  out.set(about.subarray(ip, ip + quoted), IP + 28);
  let sum = 0;
  for (let i = IP + 20; i < out.length; i++) sum += out[i]! * (i % 2 === IP % 2 ? 256 : 1);
  const checksum = 0xffff - sum % 0xffff;
  // of the two zeros a sum that is not all zero gives 0xffff to add up to, so that 0 is written
  out[IP + 22] = Math.floor((checksum % 0xffff) / 256);
  out[IP + 23] = (checksum % 0xffff) % 256;
  return { port, bytes: out };
}

/** Whether nobody says what the header of an error has to be, and how much it quotes. */
export function isOpen({ addresses, form }: Originated): boolean {
  return addresses === undefined || form === "any";
}

/** The ARP request for a next hop (RFC 826), padded to the least that Ethernet carries. */
export function arpRequest(scenario: Scenario, policy: Policy, nextHop: number): OriginatedFrame {
  const own = policy.originates!;
  const port = scenario.neighbours.port[nextHop]!;
  const mac = scenario.neighbours.portMac.subarray(port * 6, port * 6 + 6);
  const out = new Uint8Array(60);
  out.fill(0xff, 0, 6);
  out.set(mac, 6);
  out.set([8, 6, 0, 1, 8, 0, 6, 4, 0, 1], 12);
  out.set(mac, 22);
  putU32(out, 28, own.addresses?.[port] ?? 0);
  putU32(out, 38, own.arp![nextHop]!);
  return { port, bytes: out };
}

function u32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! * 256 + bytes[at + 1]!) * 256 + bytes[at + 2]!) * 256 + bytes[at + 3]!;
}

function putU32(out: Uint8Array, at: number, value: number): void {
  for (let i = 3, rest = value; i >= 0; i--, rest = Math.floor(rest / 256)) {
    out[at + i] = rest % 256;
  }
}
