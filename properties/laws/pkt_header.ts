/**
 * PKT: parts of the IPv4 header and of the frame around it, each by itself. PKT-1 compares all bytes; these say what
 * is wrong, and hold for frames of a device's own making too.
 */
import type { Law, Run, Verdict } from "../law.ts";
import { mtuOf } from "../reference/_hops.ts";
import { isTold } from "../reference/expectation.ts";
import { headerLength, IP, isIpv4, sameBytes, u16 } from "./_frame.ts";
import { broken, KEPT, notJudged, time } from "./_text.ts";

/** Shortest and longest frame of IEEE 802.3 without FCS, and the longest with a VLAN tag. */
const SHORTEST = 60;
const LONGEST = 1514;
const LONGEST_TAGGED = 1518;
const TAGGED = 0x8100;
const UDP = 17;

/** "packet 3 left port 1 at 2.5 us", for frame `i` of those emitted. */
function left({ observation: o }: Run, i: number): string {
  const what = o.outPacket[i]! < 0 ? `frame ${i}` : `packet ${o.outPacket[i]}`;
  return `${what} left port ${o.outPort[i]} at ${time(o.outStart[i]!)}`;
}

/** Identities concerned by frame `i`. */
function of({ observation: o }: Run, i: number): number[] {
  return o.outPacket[i]! < 0 ? [] : [o.outPacket[i]!];
}

/** Where the UDP checksum of an unfragmented packet is, or -1. */
function udpChecksumAt(bytes: Uint8Array, at: number, length: number): number {
  if (!isIpv4(bytes, at, length) || bytes[at + IP + 9] !== UDP) return -1;
  if ((u16(bytes, at + IP + 6) & 0x3fff) !== 0) return -1;
  const field = at + IP + headerLength(bytes, at) + 6;
  return field + 2 <= at + length ? field : -1;
}

function judgeForms(run: Run): Verdict {
  const { observation: o, policy, scenario: { traffic } } = run;
  let judged = 0;
  for (let i = 0; i < o.outCount; i++) {
    const at = o.outOffset[i]!;
    const length = o.outLength[i]!;
    if (!isIpv4(o.outBytes, at, length)) continue;
    const p = o.outPacket[i]!;
    const isRouted = policy.topology === undefined && policy.checksum === "verify";
    if (isRouted) {
      judged++;
      if (u16(o.outBytes, at + IP + 10) === 0xffff) {
        return broken(
          `${left(run, i)} with header checksum 0xffff, expected 0x0000: no sum of a header is 0`,
          of(run, i),
        );
      }
    }
    if (p < 0 || p >= o.count) continue;
    const before = udpChecksumAt(traffic.bytes, traffic.offset[p]!, traffic.length[p]!);
    const after = udpChecksumAt(o.outBytes, at, length);
    if (before < 0 || after < 0) continue;
    judged++;
    const [came, went] = [u16(traffic.bytes, before), u16(o.outBytes, after)];
    if ((came === 0) === (went === 0)) continue;
    return broken(
      `${left(run, i)} with UDP checksum 0x${went.toString(16).padStart(4, "0")}, expected ` +
        `0x${came.toString(16).padStart(4, "0")}: 0 says that there is none`,
      [p],
    );
  }
  return judged === 0 ? notJudged("no frame had a checksum of two forms") : KEPT;
}

/** PKT-4: the two zeros of one's complement. */
export const PKT_4: Law = {
  id: "PKT-4",
  statement: "A header checksum is never 0xffff, and a UDP checksum of 0, which says that there " +
    "is none, neither comes nor goes on the way.",
  clause: "RFC 1624, 3; RFC 768",
  needs: ["frames"],
  stress: ["corner checksum"],
  judge: judgeForms,
};

function judgeOptions(run: Run): Verdict {
  const { observation: o, expectation: e, scenario: { traffic } } = run;
  let judged = 0;
  for (let i = 0; i < o.outCount; i++) {
    const p = o.outPacket[i]!;
    // an option that asks something of a router may be answered in its place
    if (p < 0 || p >= o.count || e.forward[p] === 1 && !isTold(e, p)) continue;
    if (e.cut?.has(p)) continue; // PKT-12
    const [from, at] = [traffic.offset[p]!, o.outOffset[i]!];
    if (!isIpv4(traffic.bytes, from, traffic.length[p]!)) continue;
    if (!isIpv4(o.outBytes, at, o.outLength[i]!)) continue;
    judged++;
    const [came, went] = [headerLength(traffic.bytes, from), headerLength(o.outBytes, at)];
    if (came !== went) {
      return broken(`${left(run, i)} with a header of ${went} bytes, expected ${came}`, [p]);
    }
    const options = Math.min(came, traffic.length[p]! - IP, o.outLength[i]! - IP) - 20;
    if (sameBytes(o.outBytes, at + IP + 20, traffic.bytes, from + IP + 20, options)) continue;
    return broken(`${left(run, i)} with other options than it came with`, [p]);
  }
  return judged === 0 ? notJudged("no IPv4 packet was emitted") : KEPT;
}

/** PKT-6: header length and options. */
export const PKT_6: Law = {
  id: "PKT-6",
  statement: "The header of a forwarded packet is as long as it came, with the same options.",
  clause: "RFC 791, 3.1 (options); RFC 1812, 4.2.2.1",
  needs: ["frames"],
  stress: ["options"],
  judge: judgeOptions,
};

function judgePadding(run: Run): Verdict {
  const { observation: o, expectation: e, policy, scenario: { traffic } } = run;
  let judged = 0;
  for (let i = 0; i < o.outCount; i++) {
    const at = o.outOffset[i]!;
    const length = o.outLength[i]!;
    const p = o.outPacket[i]!;
    judged++;
    if (length < SHORTEST && policy.ports !== "virtual") {
      return broken(
        `${left(run, i)} with ${length} bytes, expected at least ${SHORTEST}`,
        of(run, i),
      );
    }
    if (!isIpv4(o.outBytes, at, length) || p < 0 || p >= o.count || e.cut?.has(p)) continue;
    const from = traffic.offset[p]!;
    if (!isIpv4(traffic.bytes, from, traffic.length[p]!)) continue;
    const [came, went] = [u16(traffic.bytes, from + IP + 2), u16(o.outBytes, at + IP + 2)];
    if (came !== went) {
      return broken(`${left(run, i)} with total length ${went}, expected ${came}`, [p]);
    }
    if (came <= traffic.length[p]! - IP && went > length - IP) {
      return broken(`${left(run, i)} with ${length - IP} of its ${went} bytes`, [p]);
    }
  }
  return judged === 0 ? notJudged("no frame was emitted") : KEPT;
}

/** PKT-8: padding belongs to the frame, not to the packet. */
export const PKT_8: Law = {
  id: "PKT-8",
  statement: "An emitted frame is no shorter than Ethernet allows, carries its packet whole, and " +
    "no padding has become part of it.",
  clause: "IEEE 802.3, 4.2.3.3; RFC 894; RFC 1042",
  needs: ["frames"],
  stress: ["padded"],
  judge: judgePadding,
};

function judgeMtu(run: Run): Verdict {
  const { observation: o, policy } = run;
  const { mtu, topology } = policy;
  let judged = 0;
  for (let i = 0; i < o.outCount; i++) {
    const at = o.outOffset[i]!;
    const length = o.outLength[i]!;
    judged++;
    const tagged = length >= IP && u16(o.outBytes, at + 12) === TAGGED;
    const most = mtu === undefined ? Infinity : mtuOf(policy, o.outPort[i]!);
    // a virtual port may be of jumbo frames
    const beyond = policy.ports === "virtual" && Number.isFinite(most) ? IP + most : 0;
    const longest = Math.max(tagged ? LONGEST_TAGGED : LONGEST, beyond);
    if (length > longest) {
      return broken(
        `${left(run, i)} with ${length} bytes, expected at most ${longest}`,
        of(run, i),
      );
    }
    if (mtu === undefined || topology !== undefined || !isIpv4(o.outBytes, at, length)) continue;
    const total = u16(o.outBytes, at + IP + 2);
    const mayBeCut = (u16(o.outBytes, at + IP + 6) & 0x4000) === 0;
    if (mayBeCut || total <= most) continue;
    return broken(
      `${left(run, i)} with ${total} bytes and "don't fragment", expected at most ${most}`,
      of(run, i),
    );
  }
  return judged === 0 ? notJudged("no frame was emitted") : KEPT;
}

/** PKT-9: nothing longer than what the way takes. */
export const PKT_9: Law = {
  id: "PKT-9",
  statement: "No frame is longer than Ethernet allows, and no packet that must not be cut is " +
    "longer than the declared MTU.",
  clause: "IEEE 802.3, 3.2.7; RFC 1812, 5.2.6; RFC 1191, 4",
  needs: ["frames"],
  stress: ["oversize"],
  judge: judgeMtu,
};
