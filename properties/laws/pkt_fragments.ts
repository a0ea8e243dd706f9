/** PKT-12: a packet that is too long for its way, and may be cut. */
import type { Law, Run, Verdict } from "../law.ts";
import { isTold } from "../reference/expectation.ts";
import { mtuOf } from "../reference/_hops.ts";
import { headerLength, IP, isIpv4, sameBytes, u16 } from "./_frame.ts";
import { expectedFrame, hopNames, hopTaken, type SentFrames } from "./_hops.ts";
import { broken, KEPT, notJudged, time } from "./_text.ts";

const MORE = 0x2000;
const OFFSET = 0x1fff;
/** Where the fields are that a fragment has of its own: total length, flags and offset, checksum. */
const OWN = [2, 3, 6, 7, 10, 11];

function judgeFragments(run: Run): Verdict {
  const { observation: o, expectation: e } = run;
  const frames = new Map<number, number[]>();
  for (let i = 0; i < o.outCount; i++) {
    const p = o.outPacket[i]!;
    if (p < 0 || e.cut?.has(p) !== true || !isTold(e, p)) continue;
    const known = frames.get(p);
    if (known === undefined) frames.set(p, [i]);
    else known.push(i);
  }
  for (const [p, own] of frames) {
    const wrong = wrongFragments(run, p, own);
    if (wrong !== null) return broken(wrong, [p]);
  }
  return frames.size === 0 ? notJudged("no packet had to be cut") : KEPT;
}

/** What is wrong with the frames `own`, one at least, of packet `p`, which had to be cut. */
export function wrongFragments(
  run: SentFrames,
  p: number,
  own: readonly number[],
): string | null {
  const { observation: o, expectation: e, policy } = run;
  const hop = hopTaken(run, own[0]!, p);
  const port = hop === null ? e.port[p]! : run.scenario.neighbours.port[hop] ?? -1;
  const whole = expectedFrame(run, p, hop);
  const [header, total] = [headerLength(whole, 0), u16(whole, IP + 2)];
  const first = u16(whole, IP + 6);
  const got = new Uint8Array(total - header);
  const mtu = mtuOf(policy, port);
  for (const i of own) {
    const at = o.outOffset[i]!;
    const what = `packet ${p} left port ${o.outPort[i]} at ${time(o.outStart[i]!)}`;
    if (hop === -1) return `${what}, expected next hop ${hopNames(run, e.oneOf!.get(p)!)}`;
    if (o.outPort[i] !== port) return `${what}, expected port ${port}`;
    if (!isIpv4(o.outBytes, at, o.outLength[i]!)) return `${what} as a frame that is not IPv4`;
    const length = u16(o.outBytes, at + IP + 2);
    const own = headerLength(o.outBytes, at);
    if (length > mtu) return `${what} with ${length} bytes, expected fragments of at most ${mtu}`;
    if (length > o.outLength[i]! - IP || own < 20 || own > length) {
      return `${what} in a fragment whose lengths contradict each other`;
    }
    const flags = u16(o.outBytes, at + IP + 6);
    const from = ((flags & OFFSET) - (first & OFFSET)) * 8;
    const to = from + length - own;
    const isLast = to === got.length;
    const where = `${what} in the fragment of bytes ${from}..${to}`;
    if (from < 0 || to > got.length) return `${where}, expected within 0..${got.length}`;
    if ((flags & MORE) !== (isLast ? first & MORE : MORE)) {
      return `${where} of ${got.length} with "more fragments" ${flags & MORE ? "set" : "clear"}`;
    }
    const differs = headerDifference(o.outBytes, at, own, whole, header, from > 0);
    if (differs !== null) return `${where} with ${differs}`;
    for (let k = from; k < to; k++) {
      if (got[k] !== 0) return `${where}, of which byte ${k} had left before`;
      got[k] = 1;
    }
    if (!sameBytes(o.outBytes, at + IP + own, whole, IP + header + from, to - from)) {
      return `${where} with other bytes than it came with`;
    }
  }
  const missing = got.indexOf(0);
  return missing < 0 ? null : `packet ${p} left in fragments that lack its byte ${missing}`;
}

/** RFC 791, 3.1 and 3.2: what of a fragment's header is not the packet's; later ones may lack options. */
function headerDifference(
  bytes: Uint8Array,
  at: number,
  own: number,
  whole: Uint8Array,
  header: number,
  isLater: boolean,
): string | null {
  for (let i = 0; i < IP + 20; i++) {
    if (OWN.includes(i - IP)) continue;
    const [got, want] = i === IP && isLater ? [bytes[at + i]! >> 4, 4] : [bytes[at + i], whole[i]];
    if (got !== want) return `byte ${i} of its frame ${got}, expected ${want}`;
  }
  if (isLater) return null;
  const same = own === header && sameBytes(bytes, at + IP + 20, whole, IP + 20, header - 20);
  return same ? null : "other options than it came with";
}

/** PKT-12: fragments together are the packet. */
export const PKT_12: Law = {
  id: "PKT-12",
  statement:
    "A packet longer than the MTU that may be cut leaves as fragments that are no longer, " +
    "that do not overlap, and that together are it.",
  clause: "RFC 791, 3.2; RFC 1812, 4.2.2.7",
  needs: ["frames"],
  stress: ["longer than an MTU"],
  judge: judgeFragments,
};
