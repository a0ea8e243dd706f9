/**
 * PKT: what a forwarder may change of a packet, and what it must.
 */
import { GENERATED } from "../../core/machine/accounts.ts";
import type { Law, Run, Verdict } from "../law.ts";
import { isTold } from "../reference/expectation.ts";
import { nearestFrame } from "../reference/nearest.ts";
import { difference } from "./_difference.ts";
import { headerLength, IP, isIpv4, sameBytes, u16 } from "./_frame.ts";
import { expectedFrame, hopNames, hopTaken } from "./_hops.ts";
import { broken, hex, KEPT, macAt, notJudged, time } from "./_text.ts";

/** "packet 3 left port 1 at 2.5 us", for frame `i` of those emitted. */
function left(run: Run, i: number): string {
  const o = run.observation;
  const what = o.outPacket[i]! < 0 ? `frame ${i}` : `packet ${o.outPacket[i]}`;
  return `${what} left port ${o.outPort[i]} at ${time(o.outStart[i]!)}`;
}

function judgeBytes(run: Run): Verdict {
  const { observation: o, expectation: e } = run;
  let judged = 0;
  for (let i = 0; i < o.outCount; i++) {
    const p = o.outPacket[i]!;
    if (p === GENERATED && run.policy.originates !== undefined) continue; // PKT-10
    if (p < 0 || p >= o.count) {
      return broken(
        `frame ${i}, which left port ${o.outPort[i]} at ${time(o.outStart[i]!)}, ` +
          `carries no packet that was offered`,
        [],
      );
    }
    if (!isTold(e, p)) continue; // PKT-5
    if (e.cut?.has(p)) continue; // PKT-12
    judged++;
    const hop = hopTaken(run, i, p);
    if (hop === -1) {
      const mac = macAt(o.outBytes, o.outOffset[i]!);
      return broken(
        `${left(run, i)} to ${mac}, expected next hop ${hopNames(run, e.oneOf!.get(p)!)}`,
        [p],
      );
    }
    const [at, length] = [o.outOffset[i]!, o.outLength[i]!];
    const expected = expectedFrame(run, p, hop);
    if (hop === null && o.outPort[i] !== e.port[p]) {
      return broken(`${left(run, i)}, expected port ${e.port[p]}`, [p]);
    }
    if (length === expected.length && sameBytes(o.outBytes, at, expected, 0, length)) continue;
    const want = nearestFrame(run.policy, expected, o.outBytes, at, length);
    if (length === want.length && sameBytes(o.outBytes, at, want, 0, length)) continue;
    const what = difference(o.outBytes, at, length, want, 0, want.length);
    return broken(`${left(run, i)} with ${what}`, [p]);
  }
  return judged === 0 ? notJudged("no packet was forwarded") : KEPT;
}

/** PKT-1: exactly the expected bytes, at the expected port. */
export const PKT_1: Law = {
  id: "PKT-1",
  statement: "Every frame leaves on the expected port with exactly the expected bytes: " +
    "those received, but for MAC addresses, TTL and header checksum.",
  clause: "RFC 1812, 5.2.1",
  needs: ["frames"],
  stress: ["all to be forwarded"],
  judge: judgeBytes,
};

function judgeTtl(run: Run): Verdict {
  const { observation: o, policy, scenario: { traffic } } = run;
  if (policy.topology !== undefined) {
    return notJudged("the policy forwards by ports and touches no header");
  }
  let judged = 0;
  for (let i = 0; i < o.outCount; i++) {
    const p = o.outPacket[i]!;
    if (p < 0 || p >= o.count) continue;
    const inAt = traffic.offset[p]!;
    const outAt = o.outOffset[i]!;
    if (!isIpv4(traffic.bytes, inAt, traffic.length[p]!)) continue;
    if (!isIpv4(o.outBytes, outAt, o.outLength[i]!)) continue;
    judged++;
    const arrived = traffic.bytes[inAt + IP + 8]!;
    const ttl = o.outBytes[outAt + IP + 8]!;
    if (policy.ttl === "drop" && arrived <= 1) {
      return broken(`${left(run, i)} though it arrived with TTL ${arrived}`, [p]);
    }
    const expected = (arrived + 255) & 255;
    if (ttl !== expected) {
      return broken(
        `${left(run, i)} with TTL ${ttl}, expected ${expected}: it arrived with ${arrived}`,
        [p],
      );
    }
  }
  return judged === 0 ? notJudged("no IPv4 packet was emitted") : KEPT;
}

/** PKT-2: the TTL falls by one, and what cannot afford that stays. */
export const PKT_2: Law = {
  id: "PKT-2",
  statement: "The TTL of a forwarded packet is exactly one less than on arrival, and no packet " +
    "that arrived with TTL 0 or 1 is forwarded unless the policy declares it.",
  clause: "RFC 1812, 5.3.1",
  needs: ["frames"],
  stress: ["ttl 0 or 1", "options"],
  judge: judgeTtl,
};

function judgeChecksum(run: Run): Verdict {
  const { observation: o, policy } = run;
  if (policy.topology !== undefined) {
    return notJudged("the policy forwards by ports and touches no header");
  }
  if (policy.checksum === "trust") return notJudged("the policy trusts checksums on arrival");
  let judged = 0;
  for (let i = 0; i < o.outCount; i++) {
    const at = o.outOffset[i]!;
    const length = o.outLength[i]!;
    if (!isIpv4(o.outBytes, at, length)) continue;
    judged++;
    const p = o.outPacket[i]!;
    const bytes = headerLength(o.outBytes, at);
    if (bytes < 20 || IP + bytes > length) {
      return broken(
        `${left(run, i)} with a header of ${bytes} bytes in a frame of ${length}`,
        [p],
      );
    }
    let sum = 0;
    for (let k = IP; k < IP + bytes; k += 2) sum += u16(o.outBytes, at + k);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
    if (sum !== 0xffff) {
      const got = u16(o.outBytes, at + IP + 10);
      const right = (0xffff - sum + got) % 0xffff;
      return broken(
        `${left(run, i)} with header checksum 0x${hex(got, 4)}, expected 0x${hex(right, 4)}`,
        [p],
      );
    }
  }
  return judged === 0 ? notJudged("no IPv4 packet was emitted") : KEPT;
}

/** PKT-3: header checksums are right on the way out. */
export const PKT_3: Law = {
  id: "PKT-3",
  statement: "The IPv4 header checksum of every emitted frame verifies by full summation.",
  clause: "RFC 791, 3.1; RFC 1071; RFC 1624, 3",
  needs: ["frames"],
  stress: ["corner checksum", "options"],
  judge: judgeChecksum,
};

function judgeMacs(run: Run): Verdict {
  const { observation: o, expectation: e, policy, scenario: { neighbours } } = run;
  if (policy.topology !== undefined && policy.macs !== "set") {
    return notJudged("the policy writes no MAC address of its own");
  }
  let judged = 0;
  for (let i = 0; i < o.outCount; i++) {
    const p = o.outPacket[i]!;
    if (p < 0 || p >= o.count || o.outLength[i]! < 12) continue;
    const at = o.outOffset[i]!;
    judged++;
    const own = o.outPort[i]! * 6;
    if (!sameBytes(o.outBytes, at + 6, neighbours.portMac, own, 6)) {
      return broken(
        `${left(run, i)} with source MAC ${macAt(o.outBytes, at + 6)}, ` +
          `expected that of the port, ${macAt(neighbours.portMac, own)}`,
        [p],
      );
    }
    if (e.forward[p] === 0 || sameBytes(o.outBytes, at, e.bytes, e.offset[p]!, 6)) continue;
    if (hopTaken(run, i, p) !== null) continue; // PKT-1
    return broken(
      `${left(run, i)} with destination MAC ${macAt(o.outBytes, at)}, ` +
        `expected that of the next hop, ${macAt(e.bytes, e.offset[p]!)}`,
      [p],
    );
  }
  return judged === 0 ? notJudged("no packet was emitted") : KEPT;
}

/** PKT-7: MAC addresses of what leaves. */
export const PKT_7: Law = {
  id: "PKT-7",
  statement: "The source MAC address of an emitted frame is its egress port's own, " +
    "the destination that of the packet's next hop (or of the port's peer, as declared).",
  clause: "RFC 1812, 5.2.1.2; IEEE 802.3, 3.2.4 and 3.2.5",
  needs: ["frames"],
  stress: ["other mac", "hairpin"],
  judge: judgeMacs,
};
