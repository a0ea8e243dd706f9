import type { Policy } from "../../core/policy.ts";
import { STRICT } from "../../core/stack.ts";
import { frame, L3FWD } from "../reference/_scenario_for_tests.ts";
import { assertBroken, assertKept, assertNotJudged, INGRESS } from "./_observations_for_tests.ts";
import { PKT_1, PKT_2, PKT_3, PKT_7 } from "./pkt.ts";
import { PKT_5 } from "./pkt_drop.ts";

const three = [frame({ ttl: 9 }), frame({ dst: "10.2.0.1" }), frame({ ttl: 1 })];
const TRUSTS: Policy = { ...STRICT, checksum: "trust" };

Deno.test("PKT-1 is kept by exactly the expected frames", () => {
  assertKept(PKT_1, { frames: three });
  assertKept(PKT_1, { frames: three, policy: L3FWD });
});

Deno.test("PKT-1 is not judged where nothing is forwarded", () => {
  assertNotJudged(PKT_1, { frames: [frame({ ttl: 1 })] }, "no packet was forwarded");
});

Deno.test("PKT-1 names the wrong port", () => {
  assertBroken(
    PKT_1,
    { frames: three, out: { 1: { port: 3 } } },
    "packet 1 left port 3 at 1.1 us, expected port 2",
    [1],
  );
});

Deno.test("PKT-1 names the fields that differ", () => {
  assertBroken(
    PKT_1,
    { frames: three, out: { 0: { edit: (b) => void b[22]!++ } } },
    "packet 0 left port 1 at 1 us with TTL 9, expected 8",
    [0],
  );
  assertBroken(
    PKT_1,
    {
      frames: three,
      out: {
        0: {
          edit: (b) => {
            b[0] = 1; // destination MAC
            b[17]! ^= 3; // total length
            b[33] = 77; // destination address
            b[59]! ^= 1; // padding: 36 bytes of IP packet end at byte 50
          },
        },
      },
    },
    "packet 0 left port 1 at 1 us with destination MAC 01:00:00:00:00:01, expected " +
      "aa:00:00:00:00:01; total length 39, expected 36; destination address 10.1.2.77, expected " +
      "10.1.2.3; and 1 more",
    [0],
  );
});

Deno.test("PKT-1 names the byte of options, payload and padding", () => {
  const frames = [frame({ options: [1, 1, 1, 0] })];
  const flip = (i: number) => ({
    frames,
    out: { 0: { edit: (b: Uint8Array) => void (b[i]! ^= 1) } },
  });
  const left = "packet 0 left port 1 at 1 us with";
  assertBroken(PKT_1, flip(35), `${left} option byte 1 0x00, expected 0x01`, [0]);
  assertBroken(PKT_1, flip(38), `${left} payload byte 0 0x02, expected 0x03`, [0]);
  assertBroken(PKT_1, flip(39), `${left} payload byte 1 0xe9, expected 0xe8`, [0]);
  assertBroken(PKT_1, flip(54), `${left} padding byte 0 0xef, expected 0xee`, [0]);
});

Deno.test("PKT-1 names a wrong length", () => {
  assertBroken(
    PKT_1,
    { frames: three, out: { 1: { edit: (b) => b.slice(0, 59) } } },
    "packet 1 left port 2 at 1.1 us with length 59, expected 60",
    [1],
  );
});

Deno.test("PKT-1 names a frame that nobody offered", () => {
  assertBroken(
    PKT_1,
    { frames: three, change: (o) => o.emit(-1, 2, 1, 5000, 6000, frame(), 0, 60) },
    "frame 2, which left port 2 at 5 ns, carries no packet that was offered",
    [],
  );
});

Deno.test("PKT-2 is kept by a TTL that falls by one", () => {
  assertKept(PKT_2, { frames: three });
  assertKept(PKT_2, { frames: [frame({ ttl: 0 }), frame({ ttl: 1 })], policy: L3FWD });
});

Deno.test("PKT-2 names a TTL that does not fall by one", () => {
  assertBroken(
    PKT_2,
    { frames: three, out: { 0: { edit: (b) => void (b[22] = 9) } } },
    "packet 0 left port 1 at 1 us with TTL 9, expected 8: it arrived with 9",
    [0],
  );
});

Deno.test("PKT-2 names a packet that arrived with TTL 1", () => {
  assertBroken(
    PKT_2,
    { frames: three, fates: { 2: "emitted" } },
    "packet 2 left port 0 at 1.2 us though it arrived with TTL 1",
    [2],
  );
});

Deno.test("PKT-2 is not judged without IPv4", () => {
  assertNotJudged(PKT_2, { frames: [frame({ type: 0x0806 })] }, "no IPv4 packet was emitted");
});

Deno.test("PKT-3 is kept by right checksums, with options too", () => {
  assertKept(PKT_3, { frames: [...three, frame({ options: [7, 7, 4, 1, 2, 3, 4, 0] })] });
});

Deno.test("PKT-3 names the right checksum", () => {
  // The same packet with TTL 8 has the checksum that is expected.
  const right = frame({ ttl: 8 });
  const expected = (right[24]! * 256 + right[25]!).toString(16);
  const got = (right[24]! * 256 + (right[25]! ^ 1)).toString(16);
  assertBroken(
    PKT_3,
    { frames: three, out: { 0: { edit: (b) => void (b[25]! ^= 1) } } },
    `packet 0 left port 1 at 1 us with header checksum 0x${got}, expected 0x${expected}`,
    [0],
  );
});

Deno.test("PKT-3 names a header that ends behind its frame", () => {
  assertBroken(
    PKT_3,
    { frames: three, out: { 0: { edit: (b) => void (b[14] = 0x4f) } } },
    "packet 0 left port 1 at 1 us with a header of 60 bytes in a frame of 60",
    [0],
  );
});

Deno.test("PKT-3 is not judged where checksums are trusted", () => {
  assertNotJudged(
    PKT_3,
    { frames: [frame({ checksumError: 1 })], policy: TRUSTS },
    "the policy trusts checksums on arrival",
  );
});

Deno.test("PKT-7 is kept by the MAC addresses of port and next hop", () => {
  assertKept(PKT_7, { frames: three });
  assertKept(PKT_7, { frames: three, policy: L3FWD });
});

Deno.test("PKT-7 names the wrong source MAC", () => {
  assertBroken(
    PKT_7,
    { frames: three, out: { 1: { edit: (b) => void (b[11] = 0) } } },
    "packet 1 left port 2 at 1.1 us with source MAC 02:00:00:00:00:00, " +
      "expected that of the port, 02:00:00:00:00:02",
    [1],
  );
});

Deno.test("PKT-7 names the wrong destination MAC", () => {
  assertBroken(
    PKT_7,
    { frames: three, out: { 1: { edit: (b) => void (b[5] = 9) } } },
    "packet 1 left port 2 at 1.1 us with destination MAC aa:00:00:00:00:09, " +
      "expected that of the next hop, aa:00:00:00:00:02",
    [1],
  );
});

Deno.test("PKT-7 judges the source MAC of packets that should not have left", () => {
  assertBroken(
    PKT_7,
    { frames: [frame({ ttl: 1 })], fates: { 0: "emitted" } },
    "packet 0 left port 0 at 1 us with source MAC 06:00:00:00:00:01, " +
      "expected that of the port, 02:00:00:00:00:00",
    [0],
  );
});

Deno.test("PKT-7 is not judged where nothing leaves", () => {
  assertNotJudged(PKT_7, { frames: [frame({ ttl: 1 })] }, "no packet was emitted");
});

const frames = [frame(), frame({ ttl: 1, dst: "11.0.0.1" })];

Deno.test("PKT-5 is kept by any right reason", () => {
  assertKept(PKT_5, { frames });
  assertKept(PKT_5, { frames, fates: { 1: { reason: "ttl" } } });
  assertKept(PKT_5, { frames, fates: { 1: { reason: "no-route" } } });
});

Deno.test("PKT-5 leaves declared congestion to LOSS-1a", () => {
  const fates = { 1: { reason: "rx-missed", place: INGRESS, occupancy: 4 } } as const;
  assertKept(PKT_5, { frames, fates });
  assertBroken(
    PKT_5,
    { frames, fates, policy: { ...STRICT, congestion: [] } },
    "packet 1 was dropped at 600 ns by ingress buffer of port 0 for rx-missed, " +
      "expected ttl or no-route",
    [1],
  );
});

Deno.test("PKT-5 names a wrong reason", () => {
  assertBroken(
    PKT_5,
    { frames, fates: { 1: { reason: "bad-checksum" } } },
    "packet 1 was dropped at 600 ns by lcore 0 for bad-checksum, expected ttl or no-route",
    [1],
  );
});

Deno.test("PKT-5 names a packet that was forwarded", () => {
  assertBroken(
    PKT_5,
    { frames, fates: { 1: "emitted" } },
    "packet 1 was forwarded at 1.1672 us, expected to be dropped for ttl or no-route",
    [1],
  );
});

Deno.test("PKT-5 is not judged where all packets are good", () => {
  assertNotJudged(PKT_5, { frames: [frame()] }, "no packet had to be dropped");
});
