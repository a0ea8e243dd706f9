// Aim: each of the laws about single fields names the least fault in its field, and none where there is none.
// Method: frames written by hand, one edit at a time.
import type { Policy } from "../../core/policy.ts";
import { STRICT } from "../../core/stack.ts";
import { frame, L3FWD } from "../reference/_scenario_for_tests.ts";
import { assertBroken, assertKept, assertNotJudged } from "./_observations_for_tests.ts";
import { PKT_4, PKT_6, PKT_8, PKT_9 } from "./pkt_header.ts";

const one = [frame()];
const none = { frames: [frame({ ttl: 1 })] };
const edit = (frames: Uint8Array[], change: (b: Uint8Array) => Uint8Array | void) => ({
  frames,
  out: { 0: { edit: change } },
});
const left = "packet 0 left port 1 at 1 us with";

Deno.test("PKT-4 names a header checksum of all ones, and a UDP checksum that came or went", () => {
  assertKept(PKT_4, { frames: one });
  assertNotJudged(PKT_4, none, "no frame had a checksum of two forms");
  const ones = (b: Uint8Array) => void b.fill(0xff, 24, 26);
  assertBroken(
    PKT_4,
    edit(one, ones),
    `${left} header checksum 0xffff, expected 0x0000: no sum of a header is 0`,
    [0],
  );
  // who trusts checksums, or touches no header, is not asked about headers
  assertKept(PKT_4, { ...edit(one, ones), policy: { ...L3FWD, checksum: "trust" } });
  const udp = frame();
  udp.fill(0, 40, 42);
  assertKept(PKT_4, { frames: [udp] });
  assertBroken(
    PKT_4,
    edit([udp], (b) => void b.fill(0xff, 40, 42)),
    `${left} UDP checksum 0xffff, expected 0x0000: 0 says that there is none`,
    [0],
  );
  assertBroken(
    PKT_4,
    edit(one, (b) => void b.fill(0, 40, 42)),
    `${left} UDP checksum 0x0000, expected 0xeeee: 0 says that there is none`,
    [0],
  );
  // a later fragment has no UDP header
  assertKept(PKT_4, edit([frame({ fragment: 8 })], (b) => void b.fill(0, 40, 42)));
});

Deno.test("PKT-6 names a header of another length, and options that changed", () => {
  const options = [frame({ options: [1, 1, 1, 0] })];
  assertKept(PKT_6, { frames: [...one, ...options] });
  assertNotJudged(PKT_6, none, "no IPv4 packet was emitted");
  assertBroken(
    PKT_6,
    edit(options, (b) => void (b[14] = 0x45)),
    `${left} a header of 20 bytes, expected 24`,
    [0],
  );
  for (const at of [34, 37]) {
    assertBroken(
      PKT_6,
      edit(options, (b) => void b[at]!++),
      `${left} other options than it came with`,
      [0],
    );
  }
});

Deno.test("PKT-8 names a frame that is too short, a packet that is cut, padding that became part of it", () => {
  assertKept(PKT_8, { frames: one });
  assertNotJudged(PKT_8, none, "no frame was emitted");
  assertBroken(
    PKT_8,
    edit(one, (b) => b.slice(0, 59)),
    `${left} 59 bytes, expected at least 60`,
    [0],
  );
  // 36 bytes of packet in a frame of 60: ten of padding
  assertBroken(
    PKT_8,
    edit(one, (b) => void (b[17] = 46)),
    `${left} total length 46, expected 36`,
    [0],
  );
  const long = [frame({ length: 200, total: 186 })];
  assertBroken(PKT_8, edit(long, (b) => b.slice(0, 199)), `${left} 185 of its 186 bytes`, [0]);
});

Deno.test("PKT-9 names what is longer than Ethernet, and what is longer than the MTU and must not be cut", () => {
  const longest = frame({ length: 1514, total: 1500, fragment: 0x4000 });
  assertKept(PKT_9, { frames: [longest] });
  assertNotJudged(PKT_9, none, "no frame was emitted");
  assertBroken(
    PKT_9,
    edit([longest], (b) => Uint8Array.from([...b, 0])),
    `${left} 1515 bytes, expected at most 1514`,
    [0],
  );
  assertKept(
    PKT_9,
    edit([longest], (b) => {
      const tagged = Uint8Array.from([...b.slice(0, 12), 0x81, 0, 0, 1, ...b.slice(12)]);
      return tagged;
    }),
  );
  const mtu: Policy = { ...STRICT, mtu: 576 };
  assertKept(PKT_9, { frames: [frame({ length: 614, total: 600 })], policy: mtu });
  assertBroken(
    PKT_9,
    {
      frames: [frame({ length: 614, total: 600, fragment: 0x4000 })],
      policy: mtu,
      fates: { 0: "emitted" },
      out: { 0: { port: 1 } },
    },
    `${left} 600 bytes and "don't fragment", expected at most 576`,
    [0],
  );
});
