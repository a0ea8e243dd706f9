import { assertEquals, assertThrows } from "@std/assert";
import { type Policy, type ReasonName, REASONS } from "../../core/policy.ts";
import { STRICT } from "../../core/stack.ts";
import { frame, hopMac, ip, L3FWD, portMac, scenario } from "./_scenario_for_tests.ts";
import { DEFECT } from "./defects.ts";
import { referenceRouter } from "./router.ts";

/** Names of the reasons that are right for the only packet of a scenario; "forward" if it must go. */
function reasonsFor(bytes: Uint8Array, policy: Policy = STRICT, routes?: string[]): string[] {
  const s = scenario(routes === undefined ? { frames: [bytes] } : { frames: [bytes], routes });
  const e = referenceRouter(s, policy);
  const names = REASONS.filter((_, i) => (e.reasons[0]! >>> i & 1) === 1) as string[];
  if (e.forward[0] === 1) names.push("forward");
  return names;
}

/** Bytes that the only packet of a scenario must leave with. */
function forwarded(bytes: Uint8Array, policy: Policy = STRICT, routes?: string[]): Uint8Array {
  const s = scenario(routes === undefined ? { frames: [bytes] } : { frames: [bytes], routes });
  const e = referenceRouter(s, policy);
  assertEquals(e.forward[0], 1);
  return e.bytes.slice(e.offset[0], e.offset[0]! + e.length[0]!);
}

/** Header checksum of the only packet of a scenario as it must leave, when it arrives with TTL and `raw`. */
function checksumAfter(raw: number, policy: Policy, ttl = 64): string {
  const bytes = frame({ ttl });
  bytes[24] = raw >> 8;
  bytes[25] = raw & 255;
  const out = forwarded(bytes, policy);
  return (out[24]! * 256 + out[25]!).toString(16).padStart(4, "0");
}

Deno.test("DEFECT has the core's reasons, each at its own bit", () => {
  REASONS.forEach((name, i) => assertEquals(DEFECT[name], i === 0 ? 0 : 1 << i, name));
  assertEquals(Object.keys(DEFECT), [...REASONS] as ReasonName[]);
});

Deno.test("referenceRouter rewrites MACs, TTL and checksum and keeps every other byte", () => {
  const bytes = frame({ dst: "10.1.2.3", ttl: 64 });
  const out = forwarded(bytes);
  assertEquals([...out.subarray(0, 12)], [...hopMac(1), ...portMac(1)]);
  assertEquals(out[22], 63);
  // The sum is that of the same packet made with TTL 63.
  assertEquals([...out.subarray(12)], [...frame({ dst: "10.1.2.3", ttl: 63 }).subarray(12)]);
  assertEquals(out.length, 60);
});

Deno.test("referenceRouter agrees with a header checksum worked out by hand", () => {
  const bytes = frame();
  // 4500 0073 0000 4000 4011 b861 c0a8 0001 c0a8 00c7: with TTL 63 the sum is b961.
  const header = "450000730000400040" + "11b861c0a80001c0a800c7";
  for (let i = 0; i < 20; i++) bytes[14 + i] = parseInt(header.slice(2 * i, 2 * i + 2), 16);
  const long = new Uint8Array(14 + 115);
  long.set(bytes);
  const out = forwarded(long, STRICT, ["192.168.0.0/16 1"]);
  assertEquals([out[22], out[24], out[25]], [63, 0xb9, 0x61]);
});

Deno.test("referenceRouter sends by the longest prefix and keeps the frames in their own bytes", () => {
  const s = scenario({
    frames: ["10.1.0.1", "10.2.0.1", "10.3.0.1", "11.0.0.1"].map((dst) => frame({ dst })),
  });
  const e = referenceRouter(s, STRICT);
  assertEquals([...e.forward], [1, 1, 1, 0]);
  assertEquals([...e.port.subarray(0, 3)], [1, 2, 3]);
  assertEquals([...e.offset.subarray(0, 3)], [0, 60, 120]);
  assertEquals([...e.length.subarray(0, 3)], [60, 60, 60]);
  assertEquals(e.bytes[120 + 5], 3);
});

Deno.test("referenceRouter refuses lengths that no port accepts", () => {
  assertEquals(reasonsFor(frame({ length: 59 })), ["runt"]);
  assertEquals(reasonsFor(frame({ length: 60 })), ["forward"]);
  assertEquals(reasonsFor(frame({ length: 1518 })), ["forward"]);
  assertEquals(reasonsFor(frame({ length: 1519 })), ["oversize"]);
  // Nobody behind the MAC sees the TTL.
  assertEquals(reasonsFor(frame({ length: 0, ttl: 1 })), ["runt"]);
});

Deno.test("referenceRouter forwards untagged IPv4 only", () => {
  assertEquals(reasonsFor(frame({ type: 0x0806 })), ["not-ip"]);
  assertEquals(reasonsFor(frame({ type: 0x86dd })), ["not-ip"]);
  assertEquals(reasonsFor(frame({ type: 0x8100, ttl: 0 })), ["not-ip"]);
});

Deno.test("referenceRouter looks at the destination MAC where the policy does", () => {
  const checks = { ...STRICT, checksDstMac: true };
  assertEquals(reasonsFor(frame({ dstMac: portMac(0) }), checks), ["forward"]);
  assertEquals(reasonsFor(frame({ dstMac: portMac(1) }), checks), ["not-for-us"]);
  const broadcast = Array(6).fill(255);
  assertEquals(reasonsFor(frame({ dstMac: broadcast }), checks), ["not-for-us"]);
  assertEquals(reasonsFor(frame({ dstMac: broadcast }), STRICT), ["forward"]);
  assertEquals(reasonsFor(frame({ dstMac: broadcast, type: 0x0806 }), checks), [
    "not-ip",
    "not-for-us",
  ]);
});

Deno.test("referenceRouter judges the header by RFC 1812 where the policy is full", () => {
  assertEquals(reasonsFor(frame({ first: 0x55 })), ["bad-header"]);
  assertEquals(reasonsFor(frame({ first: 0x44 })), ["bad-header"]);
  assertEquals(reasonsFor(frame({ total: 19 })), ["bad-header"]);
  assertEquals(reasonsFor(frame({ total: 20 })), ["forward"]);
  assertEquals(reasonsFor(frame({ total: 46 })), ["forward"]);
  assertEquals(reasonsFor(frame({ total: 47 })), ["bad-header"]);
  assertEquals(reasonsFor(frame({ options: [1, 1, 1, 0], total: 23 })), ["bad-header"]);
  assertEquals(reasonsFor(frame({ options: [1, 1, 1, 0], total: 24 })), ["forward"]);
  // IHL 15 says 60 bytes where 46 were delivered.
  assertEquals(reasonsFor(frame({ first: 0x4f })), ["bad-checksum", "bad-header"]);
});

Deno.test("referenceRouter verifies the checksum where the policy does", () => {
  const trusts: Policy = { ...STRICT, checksum: "trust" };
  assertEquals(reasonsFor(frame({ checksumError: 1 })), ["bad-checksum"]);
  assertEquals(reasonsFor(frame({ checksumError: 1 }), trusts), ["forward"]);
  assertEquals(reasonsFor(frame({ options: [7, 4, 4, 0] })), ["forward"]);
  assertEquals(reasonsFor(frame({ options: [7, 4, 4, 0], checksumError: 256 })), ["bad-checksum"]);
});

Deno.test("referenceRouter looks at two fields of the header where the policy is minimal", () => {
  assertEquals(reasonsFor(frame({ first: 0x44 }), L3FWD), ["bad-header"]);
  assertEquals(reasonsFor(frame({ first: 0x55 }), L3FWD), ["bad-header"]);
  assertEquals(reasonsFor(frame({ first: 0x4f }), L3FWD), ["forward"]);
  assertEquals(reasonsFor(frame({ total: 19 }), L3FWD), ["bad-header"]);
  assertEquals(reasonsFor(frame({ total: 65535 }), L3FWD), ["forward"]);
  assertEquals(reasonsFor(frame({ checksumError: 1 }), L3FWD), ["forward"]);
  // Who verifies a checksum cannot do so over bytes that were not delivered.
  const verifies: Policy = { ...L3FWD, checksum: "verify" };
  assertEquals(reasonsFor(frame({ first: 0x4f }), verifies), ["bad-checksum", "bad-header"]);
});

Deno.test("referenceRouter names every defect of a packet", () => {
  assertEquals(reasonsFor(frame({ ttl: 1, dst: "11.0.0.1" })), ["ttl", "no-route"]);
  assertEquals(reasonsFor(frame({ ttl: 0, dst: "11.0.0.1", checksumError: 9, total: 3 })), [
    "ttl",
    "no-route",
    "bad-checksum",
    "bad-header",
  ]);
});

Deno.test("referenceRouter drops TTL 0 and 1 or decrements without a look", () => {
  assertEquals(reasonsFor(frame({ ttl: 1 })), ["ttl"]);
  assertEquals(reasonsFor(frame({ ttl: 0 })), ["ttl"]);
  assertEquals(reasonsFor(frame({ ttl: 2 })), ["forward"]);
  assertEquals(forwarded(frame({ ttl: 1 }), L3FWD)[22], 0);
  assertEquals(forwarded(frame({ ttl: 0 }), L3FWD)[22], 255);
});

Deno.test("referenceRouter takes options aside and drops fragments at offset 8 where the policy does", () => {
  const options = frame({ options: [1, 1, 1, 1] });
  const tiny = frame({ fragment: 1 });
  assertEquals([reasonsFor(options), reasonsFor(tiny)], [["forward"], ["forward"]]);
  assertEquals(reasonsFor(options, { ...STRICT, options: "punt" }), ["consumed"]);
  assertEquals(reasonsFor(frame(), { ...STRICT, options: "punt" }), ["forward"]);
  assertEquals(reasonsFor(tiny, { ...STRICT, tinyFragments: "drop" }), ["bad-header"]);
  for (const fragment of [0x4000, 0x2000, 2]) {
    const other = frame({ fragment });
    assertEquals(reasonsFor(other, { ...STRICT, tinyFragments: "drop" }), ["forward"]);
  }
});

Deno.test("referenceRouter reflects what it has no route for, as l3fwd does", () => {
  const s = scenario({ frames: [frame({ dst: "11.0.0.1" })], ports: [2] });
  const e = referenceRouter(s, L3FWD);
  assertEquals([e.forward[0], e.port[0]], [1, 2]);
  assertEquals([...e.bytes.subarray(0, 12)], [2, 0, 0, 0, 0, 2, ...portMac(2)]);
});

Deno.test("referenceRouter addresses the egress port's peer where the policy says port", () => {
  const out = forwarded(frame({ dst: "10.2.0.1" }), L3FWD);
  assertEquals([...out.subarray(0, 12)], [2, 0, 0, 0, 0, 2, ...portMac(2)]);
});

Deno.test("referenceRouter has no default route where the table cannot hold one", () => {
  const routes = ["0.0.0.0/0 1"];
  assertEquals(reasonsFor(frame(), STRICT, routes), ["forward"]);
  assertEquals(reasonsFor(frame(), { ...STRICT, defaultRoute: false }, routes), ["no-route"]);
});

Deno.test("referenceRouter drops or forwards a route back to the ingress port", () => {
  const routes = ["10.1.0.0/16 0"];
  assertEquals(reasonsFor(frame(), STRICT, routes), ["forward"]);
  assertEquals(reasonsFor(frame(), { ...STRICT, hairpin: "drop" }, routes), ["hairpin"]);
});

Deno.test("referenceRouter moves a trusted checksum by RFC 1624, right or wrong", () => {
  const trusts: Policy = { ...STRICT, checksum: "trust", ttl: "ignore" };
  assertEquals(checksumAfter(0x1234, trusts), "1334");
  assertEquals(checksumAfter(0xff34, trusts), "0035"); // end-around carry
  assertEquals(checksumAfter(0xfeff, trusts), "0000"); // RFC 1624, section 3: not ffff
  assertEquals(checksumAfter(0xffff, trusts), "0100");
  assertEquals(checksumAfter(0x0000, trusts), "0100");
  assertEquals(checksumAfter(0xff00, trusts, 0), "0000"); // the word grows by ff00
});

Deno.test("referenceRouter increments the raw word as l3fwd does", () => {
  assertEquals(checksumAfter(0x1234, L3FWD), "1334");
  assertEquals(checksumAfter(0xff34, L3FWD), "0035");
  assertEquals(checksumAfter(0xfeff, L3FWD), "ffff");
  assertEquals(checksumAfter(0xffff, L3FWD), "0000");
  assertEquals(checksumAfter(0x1234, L3FWD, 0), "1334");
});

Deno.test("referenceRouter names the next hop or port that does not exist", () => {
  assertThrows(
    () => referenceRouter(scenario({ routes: ["10.0.0.0/8 6"] }), STRICT),
    RangeError,
    "Cannot route packet 0: next hop 6 is not one of 6",
  );
  const checks = { ...STRICT, checksDstMac: true };
  assertThrows(
    () => referenceRouter(scenario({ ports: [4] }), checks),
    RangeError,
    "Cannot use port 4: only 4 have a MAC address",
  );
});

Deno.test("referenceRouter with a topology forwards by ports and touches no header", () => {
  const bad = frame({ ttl: 0, type: 0x0806, checksumError: 3, dst: "11.0.0.1" });
  const at = (topology: Policy["topology"], ports: number) => {
    const s = scenario({
      frames: Array.from({ length: ports }, () => bad),
      ports: Array.from({ length: ports }, (_, p) => p),
      geometry: { ports },
    });
    const e = referenceRouter(s, { ...STRICT, topology: topology! });
    assertEquals([...e.forward], Array(ports).fill(1));
    assertEquals(e.bytes, s.traffic.bytes);
    return [...e.port];
  };
  assertEquals(at("paired", 4), [1, 0, 3, 2]);
  assertEquals(at("paired", 3), [1, 0, 2]);
  assertEquals(at("chained", 3), [1, 2, 0]);
  assertEquals(at("loop", 2), [0, 1]);
  assertEquals(reasonsFor(bad, { ...STRICT, topology: "sink" }), ["consumed"]);
  assertEquals(reasonsFor(frame({ length: 59 }), { ...STRICT, topology: "sink" }), ["runt"]);
  assertEquals(reasonsFor(frame({ length: 59 }), { ...STRICT, topology: "loop" }), ["runt"]);
  assertEquals(reasonsFor(frame({ length: 1519 }), { ...STRICT, topology: "loop" }), ["oversize"]);
});

Deno.test("referenceRouter with a topology writes the MAC addresses that are declared", () => {
  const bytes = frame({ dstMac: [2, 0, 0, 0, 0, 7] });
  const macs = (macs: Policy["macs"]) => {
    const out = forwarded(bytes, { ...STRICT, topology: "paired", macs: macs! });
    assertEquals([...out.subarray(12)], [...bytes.subarray(12)]);
    return [...out.subarray(0, 12)];
  };
  assertEquals(macs("keep"), [...bytes.subarray(0, 12)]);
  assertEquals(macs("set"), [2, 0, 0, 0, 0, 1, ...portMac(1)]);
  assertEquals(macs("swap"), [...bytes.subarray(6, 12), 2, 0, 0, 0, 0, 7]);
});

Deno.test("referenceRouter reads frames where they lie, also when they share bytes", () => {
  const s = scenario({ frames: [frame({ dst: "10.2.0.1" })] });
  const twice = {
    ...s,
    traffic: {
      ...s.traffic,
      count: 2,
      port: Uint8Array.of(0, 1),
      at: Float64Array.of(0, 1),
      offset: Uint32Array.of(0, 0),
      length: Uint32Array.of(60, 60),
    },
  };
  const e = referenceRouter(twice, STRICT);
  assertEquals([...e.port], [2, 2]);
  assertEquals([...e.bytes.subarray(0, 60)], [...e.bytes.subarray(60, 120)]);
  assertEquals(ip("10.2.0.1"), 0x0a020001);
});

Deno.test("referenceRouter lets a virtual port take a short frame, and judges its header", () => {
  const virtual: Policy = { ...STRICT, ports: "virtual" };
  const short = frame({ length: 50, total: 36 });
  assertEquals(reasonsFor(short), ["runt"]);
  assertEquals(reasonsFor(short, virtual), ["forward"]);
  assertEquals(forwarded(short, virtual).length, 50);
  // the rest of the header is not there
  assertEquals(reasonsFor(frame({ length: 33 }), virtual), ["bad-header"]);
  assertEquals(reasonsFor(frame({ length: 33 })), ["runt"]);
  assertEquals(reasonsFor(frame({ length: 14, type: 0x0806 }), virtual), ["not-ip"]);
  assertEquals(reasonsFor(frame({ length: 1519 }), virtual), ["oversize"]);
});

Deno.test("referenceRouter cuts off what follows the packet where the policy says so", () => {
  const padded = frame({ total: 36 });
  const cut = forwarded(padded, { ...STRICT, padding: "cut" });
  assertEquals(cut, forwarded(padded).slice(0, 50));
  assertEquals(forwarded(frame({ total: 46 }), { ...STRICT, padding: "cut" }).length, 60);
});

Deno.test("referenceRouter forwards nothing from or to a martian address", () => {
  const policy: Policy = {
    ...STRICT,
    martianSources: ["127.0.0.0/8", "224.0.0.0/3"],
    martianDestinations: ["10.1.2.3/32", "0.0.0.0/8"],
  };
  assertEquals(reasonsFor(frame({ src: "127.255.255.255" }), policy), ["martian"]);
  assertEquals(reasonsFor(frame({ src: "255.255.255.255", dst: "10.1.2.4" }), policy), ["martian"]);
  assertEquals(reasonsFor(frame({ src: "128.0.0.0", dst: "10.1.2.4" }), policy), ["forward"]);
  assertEquals(reasonsFor(frame({ dst: "10.1.2.3" }), policy), ["martian"]);
  assertEquals(reasonsFor(frame({ dst: "0.255.0.1" }), policy), ["no-route", "martian"]);
  assertEquals(reasonsFor(frame({ src: "127.0.0.1" })), ["forward"]);
});

Deno.test("referenceRouter drops options that cannot be parsed where the policy parses, and leaves a choice", () => {
  const policy: Policy = { ...STRICT, options: "parse" };
  const outcome = (...options: number[]) => reasonsFor(frame({ options }), policy);
  assertEquals(outcome(1, 1, 1, 1), ["forward"]);
  assertEquals(outcome(0, 7, 9, 9), ["forward"]); // what follows the end of the list
  assertEquals(outcome(200, 4, 9, 9), ["forward"]); // unknown
  assertEquals(outcome(200, 5, 9, 9), ["bad-option"]);
  assertEquals(outcome(200, 1, 9, 9), ["bad-option"]);
  assertEquals(outcome(1, 1, 1, 200), ["bad-option"]);
  assertEquals(outcome(7, 4, 4, 1), ["bad-option", "forward"]); // record route
  assertEquals(reasonsFor(frame({ options: [200, 1, 9, 9] })), ["forward"]);
});

Deno.test("referenceRouter looks past the version where the policy looks at lengths only", () => {
  const policy: Policy = { ...STRICT, header: "lengths" };
  assertEquals(reasonsFor(frame({ first: 0x65 }), policy), ["forward"]);
  assertEquals(reasonsFor(frame({ first: 0x65 })), ["bad-header"]);
  assertEquals(reasonsFor(frame({ first: 0x64 }), policy).includes("bad-header"), true);
  assertEquals(reasonsFor(frame({ total: 47 }), policy), ["bad-header"]);
});

Deno.test("referenceRouter lets a packet go or stay that only a stricter choice would drop", () => {
  const policy: Policy = {
    ...STRICT,
    mayDropAs: {
      checksDstMac: true,
      options: "parse",
      tinyFragments: "drop",
      martianSources: ["127.0.0.0/8"],
      martianDestinations: ["10.1.2.3/32"],
    },
  };
  const choice = (bytes: Uint8Array) => {
    const e = referenceRouter(scenario({ frames: [bytes] }), policy);
    return [e.forward[0], ...REASONS.filter((_, r) => r > 0 && (e.reasons[0]! >>> r & 1) === 1)];
  };
  assertEquals(choice(frame({ dst: "10.2.0.1" })), [1]);
  assertEquals(choice(frame()), [1, "martian"]);
  assertEquals(choice(frame({ dst: "10.2.0.1", src: "127.0.0.1" })), [1, "martian"]);
  assertEquals(choice(frame({ dst: "10.2.0.1", fragment: 1 })), [1, "bad-header"]);
  assertEquals(choice(frame({ dst: "10.2.0.1", dstMac: [2, 0, 0, 0, 9, 9] })), [1, "not-for-us"]);
  assertEquals(choice(frame({ dst: "10.2.0.1", options: [7, 9, 0, 0] })), [1, "bad-option"]);
  assertEquals(choice(frame({ dst: "10.2.0.1", options: [7, 3, 4, 0] })), [1, "bad-option"]);
  // what must be dropped must be
  assertEquals(choice(frame({ ttl: 1 })), [0, "ttl"]);
});
