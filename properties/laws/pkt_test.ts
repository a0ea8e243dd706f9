import { assertEquals } from "@std/assert";
import type { Policy } from "../../core/policy.ts";
import { GENERATED, type Observation } from "../../core/machine/observation.ts";
import { STRICT } from "../../core/stack.ts";
import { frame, L3FWD } from "../reference/_scenario_for_tests.ts";
import {
  assertBroken,
  assertKept,
  assertNotJudged,
  INGRESS,
  MAC_OUT,
  run,
} from "./_observations_for_tests.ts";
import { PKT_1, PKT_2, PKT_3, PKT_7 } from "./pkt.ts";
import { PKT_5 } from "./pkt_drop.ts";
import { PKT_10, PKT_11 } from "./pkt_originated.ts";

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

Deno.test("PKT-1 takes padding as received, as zeros or cut off where it is declared so", () => {
  // 36 bytes of packet in a frame of 64: 14 of padding, all 0xee
  const sent = (edit: (b: Uint8Array) => Uint8Array | void) => ({
    frames: [frame({ length: 64, total: 36 })],
    policy: { ...STRICT, padding: "any" } satisfies Policy,
    out: { 0: { edit } },
  });
  assertKept(PKT_1, sent(() => {}));
  assertKept(PKT_1, sent((b) => void b.fill(0, 50)));
  assertKept(PKT_1, sent((b) => b.slice(0, 50)));
  const left = "packet 0 left port 1 at 1 us with";
  assertBroken(
    PKT_1,
    sent((b) => void b.fill(7, 60)),
    `${left} padding byte 10 0x07, expected 0xee; ` +
      "padding byte 11 0x07, expected 0xee; padding byte 12 0x07, expected 0xee; and 1 more",
    [0],
  );
  assertBroken(PKT_1, sent((b) => b.slice(0, 49)), `${left} length 49, expected 50`, [0]);
  assertBroken(PKT_1, sent((b) => Uint8Array.of(...b, 0)), `${left} length 65, expected 64`, [0]);
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
  assertBroken(
    PKT_1,
    { frames: three, out: { 1: { edit: (b) => Uint8Array.of(...b, 0, 0, 0, 0) } } },
    "packet 1 left port 2 at 1.1 us with length 64, expected 60",
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

// Aim: what a router sends of its own accord is known byte for byte. Method: the answer to packet 2, whose TTL is
// spent, written down as RFC 792 draws it; then one thing wrong at a time.

const TELLS: Policy = {
  ...STRICT,
  mtu: 100,
  originates: {
    addresses: [0xc0000201, 0xc0000202, 0xc0000203, 0xc0000204],
    icmpBurst: 2,
    icmpPerSecond: 1,
    arp: [1, 2, 3, 4, 5, 6].map((n) => 0x0a000000 + n),
  },
};

/** The ICMP error of port 3 to 10.9.9.9, about the IPv4 packet of `about`, of which it quotes so many bytes. */
function told(
  about: Uint8Array,
  [type, code, rest]: number[],
  edit?: (b: Uint8Array) => void,
  quotes = 36,
) {
  const quoted = about.subarray(14, 14 + quotes);
  const header = [
    0x45,
    0xc0,
    0,
    28 + quotes,
    0x77,
    0x77,
    0,
    0,
    64,
    1,
    0,
    0,
    192,
    0,
    2,
    4,
    10,
    9,
    9,
    9,
  ];
  const message = [type!, code!, 0, 0, 0, 0, rest! >> 8, rest! & 255, ...quoted];
  const sum = (from: readonly number[]) => {
    let s = 0;
    for (let i = 0; i < from.length; i += 2) s += from[i]! * 256 + (from[i + 1] ?? 0);
    return 0xffff - (s % 0xffff);
  };
  [header[10], header[11]] = [sum(header) >> 8, sum(header) & 255];
  [message[2], message[3]] = [sum(message) >> 8, sum(message) & 255];
  const bytes = Uint8Array.of(0xaa, 0, 0, 0, 0, 3, 2, 0, 0, 0, 0, 3, 8, 0, ...header, ...message);
  edit?.(bytes);
  return bytes;
}

/** Sends frames of the router's own, 1 ms from the start or at other times, by port 3. */
const sends = (frames: Uint8Array[], port = 3, at = frames.map(() => 1e9)) => (o: Observation) =>
  frames.forEach((b, i) => o.emit(GENERATED, port, MAC_OUT, at[i]!, at[i]! + 1, b, 0, b.length));

const SPENT = [11, 0, 0];
const answer = (edit?: (b: Uint8Array) => void) => told(three[2]!, SPENT, edit);

Deno.test("PKT-10 and PKT-11 are kept by the answer that RFC 792 draws, once", () => {
  const change = sends([answer()]);
  for (const law of [PKT_1, PKT_3, PKT_10, PKT_11]) {
    assertKept(law, { frames: three, policy: TELLS, change });
  }
  assertNotJudged(PKT_10, { frames: three }, "nothing was sent of the device's own accord");
  assertNotJudged(PKT_11, { frames: three }, "the policy declares no ICMP errors");
  assertNotJudged(PKT_11, { frames: three, policy: TELLS }, "no ICMP error was sent");
});

Deno.test("PKT-10 says what is wrong with an answer", () => {
  const says = (bytes: Uint8Array, sentence: string, packets: number[], port = 3) =>
    assertBroken(
      PKT_10,
      { frames: three, policy: TELLS, change: sends([bytes], port) },
      `frame 2, which left port ${port} at 1000 us, ${sentence}`,
      packets,
    );
  says(answer((b) => void (b[15] = 0)), "has TOS 0x00, expected 0xc0", [2]);
  says(answer((b) => void (b[22] = 1)), "has TTL 1, expected 64", [2]);
  says(answer((b) => void (b[29] = 1)), "has source address 192.0.2.1, expected 192.0.2.4", [2]);
  says(answer((b) => void (b[34] = 3)), "has payload byte 0 0x03, expected 0x0b", [2]);
  says(answer((b) => void b[77]!--), "has payload byte 43 0xed, expected 0xee", [2]);
  says(answer(), "has the answer to packet 2, expected port 3", [2], 1);
  const none = "answers no packet that came before it and gives cause for it";
  says(answer().slice(0, 77), none, []);
  const change = sends([answer()]);
  assertBroken(
    PKT_10,
    { frames: three, change },
    "frame 2, which left port 3 at 1000 us, is of the device's own making, and nothing like it declared",
    [],
  );
  const alone = { frames: [three[2]!], policy: TELLS };
  const early = { ...alone, at: [200_000], change: sends([answer()], 3, [199_999]) };
  assertBroken(PKT_10, early, `frame 0, which left port 3 at 199.999 ns, ${none}`, []);
  const twice = { ...alone, change: sends([answer(), answer()]) };
  assertBroken(PKT_10, twice, `frame 1, which left port 3 at 1000 us, ${none}`, []);
});

Deno.test("PKT-10 leaves to a device of unknown addresses what it says of itself, and nothing else", () => {
  const policy: Policy = { ...TELLS, originates: { icmpBurst: 9, icmpPerSecond: 9 } };
  const edited = (edit: (b: Uint8Array) => void) => ({
    frames: three,
    policy,
    change: sends([answer(edit)]),
  });
  // another type of service, "don't fragment", TTL and source; the header checksum is PKT-3's
  assertKept(PKT_10, edited((b) => b.set([0], 15)));
  assertKept(PKT_10, edited((b) => void (b[20] = 0x40)));
  assertKept(PKT_10, edited((b) => b.set([255], 22)));
  assertKept(PKT_10, edited((b) => b.set([10, 0, 0, 1], 26)));
  const left = "frame 2, which left port 3 at 1000 us,";
  const says = (edit: (b: Uint8Array) => void, sentence: string) =>
    assertBroken(PKT_10, edited(edit), `${left} ${sentence}`, [2]);
  says((b) => void (b[33] = 8), "has destination address 10.9.9.8, expected 10.9.9.9");
  says((b) => void (b[36]! ^= 1), "has payload byte 2 0x3f, expected 0x3e");
  says((b) => void b[77]!--, "has payload byte 43 0xed, expected 0xee");
});

Deno.test("PKT-10 asks of an error for the header of its packet, options and all, and eight bytes", () => {
  const policy: Policy = { ...TELLS, originates: { icmpBurst: 9, icmpPerSecond: 9 } };
  const quotes = (about: Uint8Array, bytes: number) =>
    PKT_10.judge(
      run({ frames: [about], policy, change: sends([told(about, SPENT, undefined, bytes)]) }),
    ).kind;
  const plain = frame({ ttl: 1 });
  const optional = frame({ ttl: 1, options: [1, 1, 1, 1, 1, 1, 1, 0] });
  assertEquals([quotes(plain, 28), quotes(plain, 27)], ["kept", "broken"]);
  assertEquals([quotes(optional, 36), quotes(optional, 35)], ["kept", "broken"]);
  // of one that has no eight bytes behind its header, all
  const short = frame({ ttl: 1, total: 24 });
  assertEquals([quotes(short, 24), quotes(short, 23)], ["kept", "broken"]);
});

Deno.test("PKT-10 knows which error a packet gives cause for, and about which there is none", () => {
  const none = "frame 0, which left port 3 at 1000 us, answers no packet that came before it and " +
    "gives cause for it";
  const judge = (about: Uint8Array, error: number[], isRight: boolean) => {
    const run = { frames: [about], policy: TELLS, change: sends([told(about, error)]) };
    if (isRight) assertKept(PKT_10, run);
    else assertBroken(PKT_10, run, none, []);
  };
  judge(frame({ dst: "192.168.0.1" }), [3, 0, 0], true);
  judge(frame({ ttl: 1, src: "10.9.9.9" }), [11, 0, 0], true);
  judge(frame({ ttl: 1, fragment: 1 }), SPENT, false);
  judge(frame({ ttl: 1, fragment: 0x2000 }), SPENT, true);
  judge(frame({ ttl: 1, dst: "224.0.0.9" }), SPENT, false);
  judge(frame({ ttl: 1, dstMac: [0xff, 0xff, 0xff, 0xff, 0xff, 0xff] }), SPENT, false);
  judge(frame({ ttl: 1, checksumError: 1 }), SPENT, false);
  judge(frame({ ttl: 1, protocol: 1, ports: [0x0800, 0] }), SPENT, true);
  judge(frame({ ttl: 1, protocol: 1, ports: [0x0b00, 0] }), SPENT, false);
});

Deno.test("PKT-10 takes ARP for a next hop that something is to go to, and no other", () => {
  const request = new Uint8Array(60);
  request.fill(0xff, 0, 6);
  request.set([2, 0, 0, 0, 0, 2, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 2, 192, 0, 2, 3], 6);
  request.set([10, 0, 0, 3], 38);
  const change = sends([request], 2);
  assertKept(PKT_10, { frames: three, policy: TELLS, change });
  const head = "frame 1, which left port 2 at 1000 us,";
  assertBroken(
    PKT_10,
    { frames: [frame()], policy: TELLS, change },
    `${head} asks for next hop 2, to which no packet had come`,
    [],
  );
  const { arp: _, ...silent } = TELLS.originates!;
  assertBroken(
    PKT_10,
    { frames: [frame()], policy: { ...TELLS, originates: silent }, change },
    `${head} is ARP, which is not declared`,
    [],
  );
  const wrong = request.slice();
  wrong[41] = 9;
  assertBroken(
    PKT_10,
    { frames: [frame()], policy: TELLS, change: sends([wrong], 2) },
    `${head} is ARP, and asks for no next hop there`,
    [],
  );
});

Deno.test("PKT-11 counts the errors that one host is told", () => {
  const policy = TELLS;
  const frames = [three[2]!, three[2]!, three[2]!];
  const change = (at: number[]) => sends([answer(), answer(), answer()], 3, at);
  assertKept(PKT_11, { frames, policy, change: change([1e9, 1e9, 1e12 + 1e9]) });
  assertBroken(
    PKT_11,
    { frames, policy, change: change([1e9, 2e9, 0.9e12]) },
    "frame 2, which left port 3 at 900000 us, tells 10.9.9.9 more than 2 errors at once and 1 a second",
    [],
  );
});
