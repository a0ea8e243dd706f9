// Aim: the applications beside IPv4 do what their standards say. IPv6: the longest prefix, hop limit, MAC addresses.
// OpenFlow: exact beats wildcard, wildcards by priority and one after the other. IPsec: what comes out decrypts and
// verifies elsewhere. Method: frames through the whole stack on core and GPU; AES-CTR and HMAC of node:crypto, and a
// search through all flows, as oracles that share nothing with the stack.
import { createDecipheriv, createHmac } from "node:crypto";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  frame,
  macOf,
  scenarioOf,
  stream,
  towards,
} from "../../core/machine/_scenario_for_tests.ts";
import { writeUdp6Frame } from "../../core/packet/mod.ts";
import { REASON } from "../../core/policy.ts";
import type { PsTunnel } from "./app_ipsec.ts";
import { flowTable, matchFlow } from "./app_openflow.ts";
import { LinearFlows } from "./audit_oracle.ts";
import {
  FLOW_FIELDS,
  type FlowMatch,
  flowWords,
  KEY_WORDS,
  type PsFlow,
  VLAN_NONE,
} from "./flow.ts";
import { bedOf, counter, watched } from "./_rig_for_tests.ts";
import { packetshader, type PacketShaderOptions, type Route6 } from "./mod.ts";

const BOTH = ["gpu", "cpu"] as const;
const ROOM = { lcores: 1, spareBuffers: 1500 };

/** Runs frames through an application; its own invariants must hold. */
function through(options: PacketShaderOptions, offers: Parameters<typeof scenarioOf>[0]) {
  const seen = watched(packetshader(options));
  const bed = bedOf(seen.stack);
  const o = bed.run(scenarioOf(offers, ROOM));
  assertEquals([o.end, o.faults.length], ["quiet", 0]);
  for (const { id, broken } of seen.plane.audit!()) assertEquals(broken, null, id);
  return { o, report: bed.report() };
}

/** The frame that carried packet p, or null. */
function frameOf(
  { o }: ReturnType<typeof through>,
  p: number,
): { port: number; bytes: Uint8Array } | null {
  const i = o.outPacket.subarray(0, o.outCount).indexOf(p);
  return i < 0 ? null : { port: o.outPort[i]!, bytes: frame(o, i) };
}

const address = (...words: number[]): Uint8Array => {
  const bytes = new Uint8Array(16);
  words.forEach((word, i) => new DataView(bytes.buffer).setUint32(4 * i, word));
  return bytes;
};

Deno.test("packetshader 8.5: IPv6 goes by the longest prefix, found in at most seven probes, on GPU and core", () => {
  const routes6: Route6[] = [
    { prefix: [0x20010db8, 0, 0, 0], depth: 32, nextHop: 0 },
    { prefix: [0x20010db8, 0x00010000, 0, 0], depth: 48, nextHop: 1 },
    { prefix: [0x20010db8, 0x00010000, 0, 5], depth: 128, nextHop: 0 },
  ];
  const packets: readonly (readonly [number[], number, number | string, length?: number])[] = [
    [[0x20010db8, 0, 0, 1], 64, 0],
    [[0x20010db8, 0x0001ffff, 0, 1], 64, 1],
    [[0x20010db8, 0x00010000, 0, 5], 64, 0],
    [[0x20010db9, 0, 0, 1], 64, "no-route"],
    [[0x20010db8, 0, 0, 1], 1, "ttl"],
    // what its header says is there, one byte more, nothing behind the header, and padding that is none of its own
    [[0x20010db8, 0, 0, 1], 64, 0, 20],
    [[0x20010db8, 0, 0, 1], 64, "bad-header", 21],
    [[0x20010db8, 0, 0, 1], 64, "bad-header", 0xffff],
    [[0x20010db8, 0, 0, 1], 64, 0, 0],
  ];
  const offers = packets.map(([words, hopLimit, , length = 20], i) => ({
    port: 0,
    at: 1e6 + i * 1e7,
    size: 74,
    edit: (bytes: Uint8Array) => {
      const whole = new Uint8Array(74);
      const [src, dst] = [address(0xfe800000, 0, 0, 1), address(...words)];
      writeUdp6Frame(whole, 0, { dstMac: 1, srcMac: 2, src, dst, hopLimit, payload: 12 });
      bytes.set(whole);
      bytes.set([length >> 8, length & 0xff], 18);
    },
  }));
  for (const offload of BOTH) {
    const seen = through({ app: "ipv6", offload, routes6 }, offers);
    packets.forEach(([, hopLimit, where], p) => {
      const left = frameOf(seen, p);
      if (typeof where === "string") {
        assertEquals([left, seen.o.reason[p]], [null, REASON[where as "ttl"]]);
      } else {
        assertEquals(left!.port, where);
        assertEquals([...left!.bytes.subarray(0, 12)], [...macOf(where), ...macOf(where, true)]);
        assertEquals(left!.bytes[21], hopLimit - 1);
      }
    });
    if (offload === "gpu") assertEquals(counter(seen.report, /gpu0 h2d/), 16 * 6);
  }
});

const TUNNEL: PsTunnel = {
  spi: 0xdeadbeef,
  key: Uint8Array.from({ length: 16 }, (_, i) => i * 7 + 1),
  salt: 0x01020304,
  authKey: Uint8Array.from({ length: 20 }, (_, i) => i * 11 + 3),
  ...{ src: 0xc0000201, dst: 0xc6336401, nextHop: 1 },
};

/** What an ESP packet has inside, by node:crypto; checks padding and ICV on the way. */
function decrypted(esp: Uint8Array): { sequence: number; inner: Uint8Array } {
  const view = new DataView(esp.buffer, esp.byteOffset);
  const end = esp.length - 12;
  const mac = createHmac("sha1", TUNNEL.authKey).update(esp.subarray(0, end)).digest();
  assertEquals([...esp.subarray(end)], [...mac.subarray(0, 12)], "ICV");
  assertEquals(view.getUint32(0), TUNNEL.spi);
  const counterBlock = new Uint8Array(16);
  new DataView(counterBlock.buffer).setUint32(0, TUNNEL.salt);
  counterBlock.set(esp.subarray(8, 16), 4);
  counterBlock[15] = 1;
  const cipher = createDecipheriv("aes-128-ctr", TUNNEL.key, counterBlock);
  const clear = new Uint8Array(cipher.update(esp.subarray(16, end)));
  cipher.final();
  const pad = clear.at(-2)!;
  assertEquals(clear.at(-1), 4, "next header");
  assertEquals(
    [...clear.subarray(clear.length - 2 - pad, -2)],
    [...Array(pad).keys()].map((i) => i + 1),
  );
  return { sequence: view.getUint32(4), inner: clear.subarray(0, clear.length - 2 - pad) };
}

Deno.test("packetshader 8.11: every ESP packet verifies and decrypts with another implementation", () => {
  const sizes = [60, 61, 62, 63, 64, 107, 108, 576, 1300, 1460];
  const offers = stream(40, 2e6, (i) => ({ size: sizes[i % 10]!, srcPort: i }));
  for (const offload of BOTH) {
    const seen = through({ app: "ipsec", offload, tunnel: TUNNEL, chunk: 16 }, offers);
    const { o } = seen;
    assertEquals(o.outCount, 40);
    const sequences = new Set<number>();
    const { traffic } = scenarioOf(offers, ROOM);
    for (let p = 0; p < 40; p++) {
      const { port, bytes } = frameOf(seen, p)!;
      assertEquals(port, 1);
      assertEquals([...bytes.subarray(0, 12)], [...macOf(1), ...macOf(1, true)]);
      let sum = 0;
      for (let i = 14; i < 34; i += 2) sum += bytes[i]! * 256 + bytes[i + 1]!;
      assertEquals(sum % 0xffff, 0, "outer checksum");
      const total = bytes[16]! * 256 + bytes[17]!;
      const { sequence, inner } = decrypted(bytes.subarray(34, 14 + total));
      sequences.add(sequence);
      const at = traffic.offset[p]! + 14;
      const length = traffic.bytes[at + 2]! * 256 + traffic.bytes[at + 3]!;
      const sent = traffic.bytes.slice(at, at + length);
      // one hop less, and the checksum of that
      sent[8]!--;
      sent.set(inner.subarray(10, 12), 10);
      assertEquals(inner, sent, `packet ${p}`);
    }
    assertEquals(sequences.size, 40, "sequence numbers");
  }
  const large = through({ app: "ipsec", tunnel: TUNNEL }, [{ port: 0, at: 1e6, size: 1514 }]);
  assertEquals([large.o.outCount, large.o.reason[0]], [0, REASON["too-big"]]);
});

/** Values that collide, so that flows and packets meet. */
const fields: fc.Arbitrary<Required<FlowMatch>> = fc.record({
  inPort: fc.nat(1),
  dlVlan: fc.constantFrom(VLAN_NONE, 5),
  dlSrc: fc.constantFrom(0x02aabbccdd00, 0xffff00010002),
  dlDst: fc.constantFrom(0x020103040500, 0x800000000001),
  dlType: fc.constantFrom(0x0800, 0x0806),
  nwProto: fc.constantFrom(6, 17),
  nwSrc: fc.constantFrom(0, 0xc0a80001),
  nwDst: fc.constantFrom(0x0a010001, 0xffffffff),
  tpSrc: fc.nat(1),
  tpDst: fc.constantFrom(53, 65535),
});
const flow: fc.Arbitrary<PsFlow> = fc.tuple(
  fields,
  fc.oneof(fc.constant([...FLOW_FIELDS]), fc.subarray([...FLOW_FIELDS], { maxLength: 3 })),
  // none is the lowest
  fc.option(fc.nat(3), { nil: undefined, freq: 3 }),
  fc.constantFrom(0, 1, "drop" as const),
).map(([all, given, priority, output]) => ({
  match: Object.fromEntries(given.map((field) => [field, all[field]])),
  ...priority === undefined ? {} : { priority },
  output,
}));

Deno.test("packetshader 8.12: exact entries beat wildcard ones, these go by priority, one after the other", () => {
  const run = (flows: readonly PsFlow[], of: FlowMatch): [number, number] => {
    const memory = { keys: flowWords(of), results: new Uint32Array(1), table: flowTable(flows) };
    const looked = matchFlow(0, memory);
    return [memory.results[0]!, looked];
  };
  const all = fc.sample(fields, { numRuns: 1, seed: 3 })[0]!;
  const any: PsFlow = { match: {}, priority: 0, output: 7 };
  const high: PsFlow = { match: { nwProto: all.nwProto }, priority: 9, output: 1 };
  const low: PsFlow = { match: { inPort: all.inPort }, priority: 3, output: 2 };
  const other: PsFlow = { match: { tpDst: 1 }, priority: 5, output: 3 };
  const exact: PsFlow = { match: all, output: 4 };
  assertEquals(run([any, low, high, exact], all), [5, 0]);
  assertEquals(run([any, low, other, high], all), [2, 1]);
  assertEquals(run([any, low, other], all), [3, 2]);
  assertEquals(run([any], all), [8, 1]);
  assertEquals(run([other], all), [0, 1]);
  fc.assert(
    fc.property(fc.array(flow, { maxLength: 24, size: "max" }), fields, (flows, of) => {
      const oracle = new LinearFlows(flows).answer(flowWords(of), 0);
      assertEquals(run(flows, of)[0], oracle);
    }),
    { numRuns: 300, seed: 1 },
  );
});

Deno.test("packetshader 8.12: a switch sends by its flows on GPU and core, and drops what none matches", () => {
  const flows: PsFlow[] = [
    { match: { nwDst: towards(1) }, priority: 1, output: 1 },
    { match: { tpSrc: 3 }, priority: 2, output: "drop" },
    { match: { dlType: 0x0806 }, priority: 5, output: 0 },
  ];
  const offers = [
    { port: 0, at: 1e6, dst: towards(1), srcPort: 1 },
    { port: 0, at: 2e7, dst: towards(1), srcPort: 3 },
    { port: 0, at: 3e7, dst: towards(0), srcPort: 1 },
    { port: 0, at: 4e7, edit: (bytes: Uint8Array) => bytes.set([8, 6], 12) },
  ];
  for (const offload of BOTH) {
    const seen = through({ app: "openflow", offload, flows }, offers);
    assertEquals([0, 1, 2, 3].map((p) => frameOf(seen, p)?.port ?? -1), [1, -1, -1, 0]);
    assertEquals([seen.o.reason[1], seen.o.reason[2]], [REASON.consumed, REASON["no-route"]]);
    const { traffic } = scenarioOf(offers, ROOM);
    assertEquals(frameOf(seen, 0)!.bytes, traffic.bytes.slice(0, 60), "as it came");
  }
  assert(KEY_WORDS * 4 === 32);
});
