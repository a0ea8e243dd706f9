// Aim: fragments are the packet that they are of, and nothing else. Method: runs written by hand, one thing wrong in each.
import type { Observation } from "../../core/machine/observation.ts";
import { STRICT } from "../../core/stack.ts";
import { frame } from "../reference/_scenario_for_tests.ts";
import { assertBroken, assertKept, assertNotJudged, MAC_OUT } from "./_observations_for_tests.ts";
import { PKT_12 } from "./pkt_fragments.ts";

const MTU = 100;
const policy = { ...STRICT, mtu: MTU, tooLong: "cut" } as const;
const LONG = frame({ length: 214, total: 200 });
/** Bytes of the packet's data: 180, of which 80 fit into a fragment. */
const PARTS: [from: number, to: number][] = [[0, 80], [80, 160], [160, 180]];

/** A run that emits these fragments of packet 0 instead of the whole. */
function cut(
  parts: [from: number, to: number][],
  edit: (fragment: Uint8Array, i: number) => void = () => {},
) {
  const change = (o: Observation): void => {
    const whole = o.outBytes.slice(0, LONG.length);
    const [start, port] = [o.outStart[0]!, o.outPort[0]!];
    o.outCount = 0;
    parts.forEach(([from, to], i) => {
      const bytes = new Uint8Array(34 + to - from);
      bytes.set(whole.subarray(0, 34));
      bytes.set(whole.subarray(34 + from, 34 + to), 34);
      const view = new DataView(bytes.buffer);
      view.setUint16(16, 20 + to - from);
      view.setUint16(20, from / 8 | (to < 180 ? 0x2000 : 0));
      edit(bytes, i);
      o.emit(0, port, MAC_OUT, start, start, bytes, 0, bytes.length, true);
    });
  };
  return { frames: [LONG], policy, change };
}

const AT = "packet 0 left port 1 at 1 us";

Deno.test("PKT-12 is kept by fragments in any order, cut at any multiple of eight", () => {
  assertKept(PKT_12, cut(PARTS));
  assertKept(PKT_12, cut(PARTS.toReversed()));
  assertKept(PKT_12, cut([[0, 8], [8, 72], [72, 152], [152, 180]]));
  assertNotJudged(PKT_12, { frames: [frame()], policy }, "no packet had to be cut");
});

Deno.test("PKT-12 names what is wrong with a fragment", () => {
  assertBroken(
    PKT_12,
    { frames: [LONG], policy },
    `${AT} with 200 bytes, expected fragments of at most 100`,
    [0],
  );
  assertBroken(
    PKT_12,
    cut(PARTS.slice(0, 2)),
    "packet 0 left in fragments that lack its byte 160",
    [0],
  );
  assertBroken(
    PKT_12,
    cut([...PARTS, [80, 160]]),
    `${AT} in the fragment of bytes 80..160, of which byte 80 had left before`,
    [0],
  );
  assertBroken(
    PKT_12,
    cut(PARTS, (bytes, i) => void (i === 1 && (bytes[20]! &= 0x1f))),
    `${AT} in the fragment of bytes 80..160 of 180 with "more fragments" clear`,
    [0],
  );
  assertBroken(
    PKT_12,
    cut(PARTS, (bytes, i) => void (i === 2 && (bytes[20]! |= 0x20))),
    `${AT} in the fragment of bytes 160..180 of 180 with "more fragments" set`,
    [0],
  );
  assertBroken(
    PKT_12,
    cut(PARTS, (bytes, i) => void (i === 2 && (bytes[53]! ^= 1))),
    `${AT} in the fragment of bytes 160..180 with other bytes than it came with`,
    [0],
  );
  assertBroken(
    PKT_12,
    cut(PARTS, (bytes, i) => void (i === 1 && (bytes[18]! ^= 1))),
    `${AT} in the fragment of bytes 80..160 with byte 18 of its frame 19, expected 18`,
    [0],
  );
});
