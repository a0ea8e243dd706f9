/**
 * PKT-10 and PKT-11: what a router sends of its own accord. Every such frame needs a cause among the packets that
 * were offered; how often a host is told is limited.
 */
import { GENERATED } from "../../core/machine/accounts.ts";
import type { Law, Run, Verdict } from "../law.ts";
import { longestMatch } from "../reference/longest_match.ts";
import { withoutPriorityTags } from "../reference/untagged.ts";
import { arpRequest, icmpErrors, type OriginatedFrame } from "../reference/originated.ts";
import { difference } from "./_difference.ts";
import { IP, isIpv4, sameBytes, u16, u32 } from "./_frame.ts";
import { address, broken, KEPT, notJudged, time } from "./_text.ts";

/** Identification and checksum of the IPv4 header: the first is the sender's choice, PKT-3 judges the second. */
const FREE = [IP + 4, IP + 5, IP + 10, IP + 11];
/** What a sender whose form is free says of itself: type of service, flags, TTL and source. */
const OWN = [IP + 1, IP + 6, IP + 7, IP + 8, IP + 12, IP + 13, IP + 14, IP + 15];
/** Picoseconds by which two frames may leave closer to each other than they were made. */
const QUEUED_PS = 1e10;

function judgeOriginated(run: Run): Verdict {
  const { observation: o, policy } = run;
  const answers: (OriginatedFrame[] | undefined)[] = [];
  const answered = new Set<number>();
  let judged = 0;
  for (let i = 0; i < o.outCount; i++) {
    if (o.outPacket[i] !== GENERATED) continue;
    judged++;
    if (policy.originates === undefined) {
      return broken(
        `${frame(run, i)} is of the device's own making, and nothing like it declared`,
        [],
      );
    }
    const got = o.outBytes.slice(o.outOffset[i]!, o.outOffset[i]! + o.outLength[i]!);
    if (isHostAnswer(run, got)) continue;
    const isArp = got[12] === 8 && got[13] === 6;
    const wrong = isArp ? judgeArp(run, i, got) : judgeIcmp(run, i, got, answers, answered);
    if (wrong !== null) return wrong;
  }
  return judged === 0 ? notJudged("nothing was sent of the device's own accord") : KEPT;
}

/** Whether an ICMP error says what is expected, whatever its header and however much of the packet it quotes. */
function saysTheSame({ policy }: Run, want: Uint8Array, got: Uint8Array): boolean {
  if (got.length < IP + 28 || got[IP] !== 0x45) return false;
  const quoted = u16(got, IP + 2) - 28;
  const quote = IP + 28;
  // RFC 792: the header and eight bytes of what follows, if there are that many
  const least = Math.min((want[quote]! & 15) * 4 + 8, want.length - quote);
  // RFC 1191: the MTU; else they mean nothing
  const said = u16(want, IP + 20) === 0x0304 ? 2 : 0;
  const { addresses } = policy.originates!;
  return sameBytes(got, 0, want, 0, 14) && got[IP + 9] === want[IP + 9] &&
    (addresses === undefined || addresses.includes(u32(got, IP + 12))) &&
    sameBytes(got, IP + 16, want, IP + 16, 4) && sameBytes(got, IP + 20, want, IP + 20, 2) &&
    sameBytes(got, IP + 26, want, IP + 26, said) &&
    quoted >= least && quoted <= want.length - quote &&
    quoted <= got.length - quote && icmpSum(got, quoted) === 0xffff &&
    // it may have counted TTL down before it saw what is wrong
    sameBytes(got, quote, want, quote, 8) && sameBytes(got, quote + 9, want, quote + 9, 1) &&
    sameBytes(got, quote + 12, want, quote + 12, quoted - 12);
}

/** One's complement sum of an ICMP message that quotes so many bytes (RFC 792): all ones where its checksum is right. */
function icmpSum(frame: Uint8Array, quoted: number): number {
  let sum = 0;
  for (let i = 0; i < 8 + quoted; i++) sum += frame[IP + 20 + i]! * (i % 2 === 0 ? 256 : 1);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
}

/** Whether a frame goes from an address at which the device is a host to one that had sent something there. */
function isHostAnswer({ policy, scenario }: Run, got: Uint8Array): boolean {
  if (policy.originates!.isHost !== true || !isIpv4(got, 0, got.length)) return false;
  const [host, to] = [u32(got, IP + 12), u32(got, IP + 16)];
  if (policy.originates!.addresses?.includes(host) !== true) return false;
  const { traffic } = withoutPriorityTags(scenario, policy);
  for (let p = 0; p < traffic.count; p++) {
    const at = traffic.offset[p]!;
    if (!isIpv4(traffic.bytes, at, traffic.length[p]!)) continue;
    if (u32(traffic.bytes, at + IP + 16) === host && u32(traffic.bytes, at + IP + 12) === to) {
      return true;
    }
  }
  return false;
}

function judgeIcmp(
  run: Run,
  i: number,
  got: Uint8Array,
  answers: (OriginatedFrame[] | undefined)[],
  answered: Set<number>,
): Verdict | null {
  const { observation: o, policy, scenario, expectation: e } = run;
  const { addresses, form = addresses === undefined ? "any" : "exact" } = policy.originates!;
  for (const at of FREE) got[at] = 0;
  let nearest = Infinity;
  let near: [packet: number, frame: OriginatedFrame] | null = null;
  for (let p = 0; p < o.count; p++) {
    if (answered.has(p) || scenario.traffic.at[p]! > o.outStart[i]!) continue;
    answers[p] ??= icmpErrors(scenario, policy, p, e);
    for (const expected of answers[p]!) {
      const wrong = form === "any"
        ? saysTheSame(run, expected.bytes, got) ? 0 : Math.max(1, differing(expected.bytes, got))
        : differing(expected.bytes, got);
      if (wrong === 0 && expected.port === o.outPort[i]) {
        answered.add(p);
        return null;
      }
      if (wrong >= nearest) continue;
      nearest = wrong;
      near = [p, expected];
    }
  }
  if (near === null) {
    return broken(
      `${frame(run, i)} answers no packet that came before it and gives cause for it`,
      [],
    );
  }
  const [p, { port, bytes }] = near;
  if (form === "any") { for (const at of OWN) bytes[at] = got[at]!; }
  const what = port === o.outPort[i]
    ? difference(got, 0, got.length, bytes, 0, bytes.length)
    : `the answer to packet ${p}, expected port ${port}`;
  return broken(`${frame(run, i)} has ${what}`, [p]);
}

function judgeArp(run: Run, i: number, got: Uint8Array): Verdict | null {
  const { observation: o, policy, scenario: { neighbours, traffic } } = run;
  if (policy.originates!.arp === undefined) {
    return broken(`${frame(run, i)} is ARP, which is not declared`, []);
  }
  for (let hop = 0; hop < neighbours.count; hop++) {
    const { port, bytes } = arpRequest(run.scenario, policy, hop);
    if (port !== o.outPort[i] || differing(bytes, got) > 0) continue;
    for (let p = 0; p < traffic.count && traffic.at[p]! <= o.outStart[i]!; p++) {
      // it is to go there, or what is said about it
      if (hopOf(run, p, 16) === hop || hopOf(run, p, 12) === hop) return null;
    }
    return broken(`${frame(run, i)} asks for next hop ${hop}, to which no packet had come`, []);
  }
  return broken(`${frame(run, i)} is ARP, and asks for no next hop there`, []);
}

/** Next hop of the address at byte `field` of packet `p`'s header, or -1. */
function hopOf({ policy, scenario: { routes, traffic } }: Run, p: number, field: number): number {
  const at = traffic.offset[p]!;
  if (!isIpv4(traffic.bytes, at, traffic.length[p]!)) return -1;
  const dst = u32(traffic.bytes, at + IP + field);
  const route = longestMatch(routes, dst, policy.defaultRoute ? 0 : 1);
  return route < 0 ? -1 : routes.nextHop[route]!;
}

/** Bytes in which two frames differ; Infinity where their lengths do. */
function differing(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) return Infinity;
  return a.reduce((count, byte, i) => count + (byte === b[i] ? 0 : 1), 0);
}

function frame({ observation: o }: Run, i: number): string {
  return `frame ${i}, which left port ${o.outPort[i]} at ${time(o.outStart[i]!)},`;
}

/** PKT-10: nothing is sent without a cause, and what is sent says the truth about it. */
export const PKT_10: Law = {
  id: "PKT-10",
  statement: "Every frame of the device's own making is an ICMP error or ARP request that its " +
    "policy declares, with exactly the expected bytes and port, about an offered packet that gives " +
    "cause for it; no packet is answered twice.",
  clause: "RFC 1812, 4.3.2 and 4.3.3; RFC 792; RFC 826",
  needs: ["frames"],
  stress: ["ttl 0 or 1", "no route"],
  judge: judgeOriginated,
};

function judgeRate(run: Run): Verdict {
  const { observation: o, policy: { originates } } = run;
  if (originates === undefined) return notJudged("the policy declares no ICMP errors");
  const { icmpBurst, icmpPerSecond } = originates;
  const buckets = new Map<number, { tokens: number; at: number }>();
  let judged = 0;
  for (let i = 0; i < o.outCount; i++) {
    const at = o.outOffset[i]!;
    if (o.outPacket[i] !== GENERATED || !isIpv4(o.outBytes, at, o.outLength[i]!)) continue;
    // RFC 1191 needs every one of them
    if (u16(o.outBytes, at + IP + 20) === 0x0304) continue;
    judged++;
    const host = u32(o.outBytes, at + IP + 16);
    const now = o.outStart[i]!;
    const before = buckets.get(host) ?? { tokens: icmpBurst, at: now };
    const since = now - before.at + QUEUED_PS;
    const tokens = Math.min(icmpBurst, before.tokens + since * 1e-12 * icmpPerSecond) - 1;
    if (tokens < 0) {
      return broken(
        `${frame(run, i)} tells ${address(host)} more than ${icmpBurst} errors at once and ` +
          `${icmpPerSecond} a second`,
        [],
      );
    }
    buckets.set(host, { tokens, at: now });
  }
  return judged === 0 ? notJudged("no ICMP error was sent") : KEPT;
}

/** PKT-11: no host is flooded with errors. */
export const PKT_11: Law = {
  id: "PKT-11",
  statement: 'ICMP errors to one host, but for "fragmentation needed", keep the declared rate.',
  clause: "RFC 1812, 4.3.2.8",
  needs: ["frames"],
  stress: ["ttl 0 or 1", "no route"],
  judge: judgeRate,
};
