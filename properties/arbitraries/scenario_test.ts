// Aim: what the arbitrary draws is valid, collides and covers the corners, and shrinks to the plain
// scenario.
// Method: laws over draws and over all shrink steps of draws; shares measured over a fixed seed.
import { assert, assertEquals, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import { STRICT } from "../../core/stack.ts";
import { build } from "./build.ts";
import { PLAIN_GEOMETRY, type ScenarioDraw } from "./draw.ts";
import { hasLeastCredits } from "./geometry.ts";
import { scenario } from "./scenario.ts";
import { simplerDraws } from "./simpler.ts";

const SAMPLE = fc.sample(scenario(STRICT), { numRuns: 2000, seed: 5 });

/** What every draw must keep, said without code of the unit. */
function assertValid({ geometry, neighbours, routes, packets }: ScenarioDraw): void {
  assert(packets.length >= 1 && packets.length <= 400, `${packets.length} packets`);
  assert(
    neighbours.every((hop) => typeof hop !== "number" || hop < geometry.ports),
    "neighbour port",
  );
  const seen = new Set<string>();
  for (const { prefix, depth, nextHop } of routes) {
    assert(depth >= 0 && depth <= 32 && nextHop < neighbours.length, "route");
    assertEquals(prefix % 2 ** (32 - depth), 0, `host bits of ${prefix}/${depth}`);
    assert(!seen.has(`${prefix}/${depth}`), `twice ${prefix}/${depth}`);
    seen.add(`${prefix}/${depth}`);
  }
  for (const packet of packets) {
    assert(packet.port < geometry.ports && packet.gapNs >= 0 && packet.size >= 14, "packet");
    for (const address of [packet.src, packet.dst]) {
      assert(Number.isInteger(address) && address >= 0 && address < 2 ** 32, `address ${address}`);
    }
  }
}

Deno.test("scenario draws valid scenarios within the sizes that geometries may have", () => {
  for (const draw of SAMPLE) {
    assertValid(draw);
    const g = draw.geometry;
    assert(g.ports >= 2 && g.ports <= 4 && g.lcores >= 1 && g.lcores <= 2);
    const rings = draw.packets.length > 64 ? [64, 128] : [8, 16, 32, 64];
    for (const ring of [g.rxRing, g.txRing]) assert(rings.includes(ring), `ring of ${ring}`);
    assert(g.ingress >= 1 && g.ingress <= 64 && g.poolCache >= 0 && g.poolCache <= 16);
    assert(g.headerCredits >= 1 && g.dataCredits >= g.mps / 16, "a receiver takes one payload");
  }
});

Deno.test("scenario saturates the machine now and then, unless it is told not to", () => {
  const long = (draws: ScenarioDraw[]) => draws.filter(({ packets }) => packets.length >= 100);
  const saturated = long(SAMPLE);
  assert(saturated.length > 25 && saturated.length < 60, `${saturated.length} of 2000`);
  for (const { packets, geometry } of saturated) {
    assert(packets.every(({ gapNs }) => gapNs === 0) && geometry.fidelity === "coarse");
  }
  const short = fc.sample(scenario(STRICT, { packetsMax: 99 }), { numRuns: 2000, seed: 5 });
  assertEquals(short.filter(({ packets }) => packets.length > 64), []);
  const longer = fc.sample(scenario(STRICT, { packetsMax: 5000 }), { numRuns: 300, seed: 5 });
  assert(longer.some(({ packets }) => packets.length > 1000));
});

Deno.test("scenario draws the same scenarios from the same seed and others from another", () => {
  const again = fc.sample(scenario(STRICT), { numRuns: 50, seed: 5 });
  assertEquals(again, SAMPLE.slice(0, 50));
  const other = fc.sample(scenario(STRICT), { numRuns: 50, seed: 6 });
  assert(JSON.stringify(other) !== JSON.stringify(again));
});

Deno.test("scenario draws a default route only where the policy has one", () => {
  const withDefault = (draws: readonly ScenarioDraw[]) =>
    draws.filter((draw) => draw.routes.some((route) => route.depth === 0)).length;
  assert(withDefault(SAMPLE) > 100);
  const without = scenario({ ...STRICT, defaultRoute: false });
  assertEquals(withDefault(fc.sample(without, { numRuns: 2000, seed: 5 })), 0);
});

Deno.test("scenario draws collisions: nested routes, flows seen twice, both ends of prefixes", () => {
  let nested = 0;
  let repeated = 0;
  const probes = { first: 0, last: 0, before: 0, after: 0 };
  for (const { routes, packets } of SAMPLE) {
    if (new Set(packets.map((packet) => packet.dst)).size < packets.length) repeated++;
    const size = (depth: number) => 2 ** (32 - depth);
    if (
      routes.some((a) =>
        routes.some((b) =>
          a.depth < b.depth && b.prefix >= a.prefix && b.prefix < a.prefix + size(a.depth)
        )
      )
    ) nested++;
    const has = (address: (prefix: number, depth: number) => number) =>
      packets.some(({ dst }) => routes.some((r) => dst === address(r.prefix, r.depth)));
    if (has((prefix) => prefix)) probes.first++;
    if (has((prefix, depth) => prefix + size(depth) - 1)) probes.last++;
    if (has((prefix) => prefix - 1)) probes.before++;
    if (has((prefix, depth) => prefix + size(depth))) probes.after++;
  }
  assert(nested > SAMPLE.length / 2, `${nested} nested`);
  assert(repeated > SAMPLE.length / 2, `${repeated} repeated`);
  for (const [name, count] of Object.entries(probes)) assert(count > 100, `${name}: ${count}`);
});

Deno.test("scenario draws every depth where tables change their level", () => {
  const depths = new Set(SAMPLE.flatMap((draw) => draw.routes.map((route) => route.depth)));
  for (const depth of [0, 1, 7, 8, 9, 15, 16, 17, 23, 24, 25, 31, 32]) {
    assert(depths.has(depth), `no /${depth}`);
  }
});

Deno.test("scenario draws every code of ECN, with and without a code point", () => {
  const packets = SAMPLE.flatMap((draw) => draw.packets);
  const codes = (all: typeof packets) => [...new Set(all.map(({ ecn }) => ecn))].sort();
  assertEquals(codes(packets.filter(({ dscp }) => dscp === 0)), [0, 1, 2, 3]);
  assertEquals(codes(packets.filter(({ dscp }) => dscp > 0)), [0, 1, 2, 3]);
});

Deno.test("scenario draws the smallest credits in a third of the runs with TLPs", () => {
  const tlp = SAMPLE.filter((draw) => draw.geometry.fidelity === "tlp");
  assert(tlp.length > SAMPLE.length / 2, "mostly TLPs");
  const share = tlp.filter((draw) => hasLeastCredits(draw.geometry)).length / tlp.length;
  assert(share > 0.28 && share < 0.42, `${share}`);
});

Deno.test("scenario draws every size that a machine may have, and flows that differ in one field each", () => {
  const seen = (of: (draw: ScenarioDraw) => number | string) => new Set(SAMPLE.map(of));
  const has = (
    name: string,
    all: ReadonlySet<number | string>,
    wanted: readonly (number | string)[],
  ) => assertEquals(wanted.filter((one) => !all.has(one)), [], name);
  has("ports", seen(({ geometry }) => geometry.ports), [2, 3, 4]);
  has("lcores", seen(({ geometry }) => geometry.lcores), [1, 2]);
  has("rxRing", seen(({ geometry }) => geometry.rxRing), [8, 16, 32, 64, 128]);
  has("txRing", seen(({ geometry }) => geometry.txRing), [8, 16, 32, 64, 128]);
  has("ingress", seen(({ geometry }) => geometry.ingress), [1, 2, 3, 4, 8, 16, 64, 33]);
  has("spareBuffers", seen(({ geometry }) => geometry.spareBuffers), [1, 2, 8, 64, 33]);
  has("poolCache", seen(({ geometry }) => geometry.poolCache), [0, 1, 4, 16]);
  has("peerSlots", seen(({ geometry }) => geometry.peerSlots), [1, 2, 4, 8, 16, 32]);
  has("mps", seen(({ geometry }) => geometry.mps), [128, 256]);
  const fields = ["port", "src", "dst", "srcPort", "protocol"] as const;
  for (const field of fields.slice(0, 4)) {
    const others = fields.filter((other) => other !== field);
    const alike = SAMPLE.filter(({ packets }) =>
      packets.some((a) =>
        packets.some((b) => a[field] !== b[field] && others.every((other) => a[other] === b[other]))
      )
    );
    assert(alike.length >= 4, `flows that differ in ${field} alone: in ${alike.length} runs`);
  }
});

Deno.test("gaps are drawn on both sides of every delay that they are meant for", () => {
  const gaps = SAMPLE.flatMap(({ packets }) => packets.map(({ gapNs }) => gapNs));
  const ranges = [
    ...[[0, 0], [1, 50], [51, 99], [300, 999], [1001, 3000], [8000, 50_000], [50_001, 94_999]],
    ...[[95_000, 99_999], [100_001, 105_000]],
  ] as const;
  for (const [from, to] of ranges) {
    const count = gaps.filter((gap) => gap >= from && gap <= to).length;
    assert(count >= 20, `${count} of ${gaps.length} gaps in ${from}..${to} ns`);
  }
});

Deno.test("scenario draws every kind of fault at every place that a machine has for it", () => {
  const geometry = { ports: 3, lcores: 2, fidelity: "tlp" } as const;
  const draws = fc.sample(scenario(STRICT, { geometry, packetsMax: 1 }), {
    numRuns: 8000,
    seed: 5,
  });
  const seen = new Set(draws.flatMap(({ deviations }) => deviations.map(({ site }) => site)));
  const queues = [0, 1, 2].flatMap((nic) => [0, 1].map((queue) => `nic${nic}.${queue}`));
  const nodes = ["host", "nic0", "nic1", "nic2"];
  const pairs = (sign: string) =>
    nodes.slice(1).flatMap((nic) =>
      nodes.filter((other) => other !== nic).map((other) => nic + sign + other)
    );
  const links = nodes.flatMap((node) => [`${node}>switch`, `switch>${node}`]);
  const sites = [
    ...["rx write-back", "tx write-back", "rx doorbell", "tx doorbell", "unmask", "interrupt"]
      .flatMap((what) => queues.map((queue) => `${what} ${queue}`)),
    ...queues.map((queue) => `spurious ${queue}`),
    ...pairs(">").map((pair) => `write ${pair}`),
    ...pairs("<").map((pair) => `read ${pair}`),
    ...links.flatMap((link) =>
      ["posted", "non-posted", "completion"].map((of) => `update ${link} ${of}`)
    ),
    ...[0, 1, 2].map((port) => `egress port${port}`),
    "allocation",
  ];
  assertEquals([...seen].filter((site) => site !== "tie").sort(), sites.sort());
});

Deno.test("scenario draws what the options fix, and shrinking keeps it", () => {
  const geometry = { ports: 3, fidelity: "tlp" } as const;
  const arbitrary = scenario(STRICT, { geometry, packetsMax: 9, deviations: false });
  for (const draw of fc.sample(arbitrary, { numRuns: 20, seed: 1 })) {
    for (const one of [draw, ...simplerDraws(draw, geometry)]) {
      assertEquals([one.geometry.ports, one.geometry.fidelity], [3, "tlp"]);
      assert(one.packets.length <= 9 && one.deviations.length === 0);
    }
  }
});

Deno.test("scenario refuses bounds that leave nothing to draw", () => {
  assertThrows(
    () => scenario(STRICT, { packetsMax: 0 }),
    RangeError,
    "Cannot draw scenarios: packetsMax is 0, not a positive integer",
  );
});

Deno.test("build keeps every port's frames at least a wire's time apart, in order of time", () => {
  let beside = 0;
  for (const draw of SAMPLE.slice(0, 500)) {
    const { traffic } = build(draw);
    const last = new Map<number, number>();
    for (let i = 0; i < traffic.count; i++) {
      const at = traffic.at[i]!;
      assert(i === 0 || at >= traffic.at[i - 1]!, "order");
      // 40 Gb/s is 0.2 ns a byte; FCS 4, preamble and SFD 8, gap 12.
      const wire = (traffic.length[i]! + 24) * 200;
      const before = last.get(traffic.port[i]!) ?? 0;
      assert(at - before >= wire, `packet ${i} comes ${at - before} ps after the one before`);
      last.set(traffic.port[i]!, at);
      if (i > 0 && at - traffic.at[i - 1]! < wire) beside++;
    }
  }
  assert(beside > 100, "frames on different ports come at the same time");
});

Deno.test("simplerDraws gives valid draws, and the boldest steps end in the plain one", () => {
  for (const start of SAMPLE.slice(0, 100)) {
    let draw = start;
    let steps = 0;
    for (let next: ScenarioDraw | undefined = draw; next !== undefined; steps++) {
      assert(steps < 200, `${steps} steps`);
      draw = next;
      next = simplerDraws(draw).next().value ?? undefined;
    }
    const { port, gapNs, size, ttl, dst } = draw.packets[0]!;
    assertEquals({ port, gapNs, size, ttl, dst }, {
      port: 0,
      gapNs: 1000,
      size: 60,
      ttl: 64,
      dst: 0x0a000001,
    });
    assertEquals(draw.packets.length, 1);
    assertEquals(draw.routes, [{ prefix: 0x0a000000, depth: 24, nextHop: 1 }]);
    assertEquals(draw.geometry, PLAIN_GEOMETRY);
    assertEquals(draw.deviations, []);
  }
});

Deno.test("simplerDraws offers nothing that is invalid, and never more of anything", () => {
  for (const draw of SAMPLE.slice(0, 8)) {
    for (const simpler of simplerDraws(draw)) {
      assertValid(simpler);
      assert(simpler.packets.length <= draw.packets.length, "packets");
      assert(simpler.deviations.length <= draw.deviations.length, "deviations");
      assert(simpler.routes.length <= draw.routes.length, "routes");
    }
  }
});

Deno.test("scenario shrinks a draw that was written down by its user", () => {
  const written = SAMPLE.find((draw) => draw.packets.length > 20)!;
  const property = fc.property(scenario(STRICT), ({ packets }) => packets.length < 3);
  const details = fc.check(property, { examples: [[written]], numRuns: 1 });
  assert(details.failed);
  assertEquals(details.counterexample![0]!.packets.length, 3);
  assertEquals(details.counterexample![0]!.geometry, PLAIN_GEOMETRY);
});
