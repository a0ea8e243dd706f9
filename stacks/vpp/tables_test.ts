// Aim: prefixes, load balances and adjacencies are three things: many prefixes share an adjacency, a load balance spreads
// flows over several by weight, a full table is three loads deep at most. Method: routes and neighbours changed at the
// CLI, counts by port; the normalisation against arithmetic.
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { frame, left, stream } from "../../core/machine/_scenario_for_tests.ts";
import { Memory } from "../../core/memory/memory.ts";
import { bgpLikeTable } from "../../fixtures/mod.ts";
import { ip4FlowHash, lookup3 } from "./flow_hash.ts";
import { Ip4Fib } from "./ip4_fib.ts";
import { DPO, LoadBalances, normalise } from "./load_balance.ts";
import { IF1, IF2, scenarioOf, testbedOf, valueOf } from "./_rig_for_tests.ts";
import { auditLoadBalances, auditMtrie } from "./audit_tables.ts";

Deno.test("vpp 8.6: a MAC address changed once moves every flow of every prefix behind it", () => {
  const prefixes = [1, 2, 3, 4].map((i) => `ip route add 11.${i}.0.0/16 via 192.0.2.1`);
  const testbed = testbedOf({
    startup: prefixes,
    commands: [{ atUs: 40, command: `set ip neighbor ${IF1} 192.0.2.1 02:fe:00:00:00:01` }],
  });
  const o = testbed.run(
    scenarioOf(stream(80, 1e6, (i) => ({ dst: (0x0b000001 + (1 + i % 4 << 16)) >>> 0 }))),
  );
  const macs = Array.from({ length: o.outCount }, (_, i) => frame(o, i)[1]!);
  const at = macs.indexOf(0xfe);
  assertEquals([o.outCount, at > 30 && at < 50], [80, true]);
  assert(
    macs.slice(0, at).every((mac) => mac === 2) && macs.slice(at).every((mac) => mac === 0xfe),
  );
  const report = testbed.report();
  assertEquals(valueOf(report, `show adjacency 1 via 192.0.2.1 ${IF1}`), 80);
  const perPrefix = report.filter(({ name }) => /^show ip fib 11\./.test(name)).map(({ value }) =>
    value
  );
  assertEquals(perPrefix, [20, 20, 20, 20]);
});

Deno.test("LoadBalances keep paths and counts of each apart, while they come and go", () => {
  const weights = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 6 });
  // more come than go: the tables have to grow while there is something in them
  const isRelease = fc.nat(3).map((n) => n === 0);
  const step = fc.record({ isRelease, weights, pick: fc.nat(20), thread: fc.nat(1) });
  fc.assert(fc.property(fc.array(step, { maxLength: 80, size: "max" }), (steps) => {
    const all = new LoadBalances(2);
    const model = new Map<
      number,
      { share: number[]; first: number; packets: number; bytes: number }
    >();
    let dpo = 1;
    for (const { isRelease, weights, pick, thread } of steps) {
      const known = [...model.keys()];
      if (isRelease && known.length > 0) {
        const index = known[pick % known.length]!;
        all.release(index);
        model.delete(index);
      } else {
        const first = dpo;
        dpo += weights.length;
        const paths = weights.map((weight, i) => ({
          type: DPO.adjacency,
          index: first + i,
          weight,
        }));
        const share = weights.length === 1 ? [1] : normalise(weights).share;
        const index = all.create(paths);
        assert(!model.has(index), `${index} is in use`);
        model.set(index, { share, first, packets: 0, bytes: 0 });
      }
      for (const [index, one] of model) {
        assertEquals([all.packets(index), all.bytes(index)], [one.packets, one.bytes]);
        const buckets = Array.from(
          { length: all.mask[index]! + 1 },
          (_, i) => all.dpo[all.base[index]! + i],
        );
        assertEquals(
          buckets,
          one.share.flatMap((n, i) => new Array<number>(n).fill(one.first + i)),
        );
        all.count(thread, index, index + 60);
        one.packets++;
        one.bytes += index + 60;
      }
    }
  }));
});

Deno.test("LoadBalances that come and go take no more buckets than the first time", () => {
  const all = new LoadBalances(1);
  let first = 0;
  for (let round = 0; round < 50; round++) {
    const made = [1, 2, 3, 1, 4, 8].map((count) =>
      all.create(
        Array.from({ length: count }, (_, index) => ({ type: DPO.adjacency, index, weight: 1 })),
      )
    );
    for (const index of made) all.release(index);
    if (round === 0) first = all.type.length;
  }
  assertEquals(all.type.length, first);
});

Deno.test("vpp 8.9: flows spread over next hops by weight, each flow always by the same", () => {
  const testbed = testbedOf({
    startup: ["ip route add 11.0.0.0/8 via 192.0.2.1 weight 3 via 192.0.2.2 weight 1"],
  });
  const flows = 400;
  const o = testbed.run(scenarioOf(
    stream(
      2 * flows,
      3e5,
      (i) => ({ dst: 0x0b000001, srcPort: i % flows, src: 0xac100000 + i % flows }),
    ),
    { ports: 3 },
  ));
  assertEquals([o.outCount, o.findings.filter(({ broken }) => broken !== null)], [2 * flows, []]);
  const [first, second] = [left(o, 1), left(o, 2)];
  for (const port of [first, second]) {
    const ids = new Set(port);
    for (const id of port) {
      assert(ids.has((id + flows) % (2 * flows)), `flow ${id % flows} took both ways`);
    }
  }
  const share = first.length / (2 * flows);
  assert(Math.abs(share - 0.75) < 0.08, `${share} by the path of weight 3 of 4`);
  const row = testbed.report().find(({ name }) => name.startsWith("show ip fib 11.0.0.0/8"))!;
  assertEquals(row.unit, "packets, 4 buckets");
});

Deno.test("normalise answers a power of two of buckets, and each weight's share to within one", () => {
  assertEquals(normalise([1, 1]), { buckets: 2, share: [1, 1] });
  assertEquals(normalise([3, 1]), { buckets: 4, share: [3, 1] });
  assertEquals(normalise([1, 1, 1]), { buckets: 16, share: [6, 5, 5] });
  for (const weights of [[1, 2], [5, 3, 1], [1, 1, 1, 1, 1], [100, 1], [7, 7, 7]]) {
    const { buckets, share } = normalise(weights);
    const sum = weights.reduce((total, weight) => total + weight, 0);
    assertEquals(share.reduce((total, n) => total + n, 0), buckets);
    assertEquals(Number.isInteger(Math.log2(buckets)), true);
    weights.forEach((weight, i) => assert(Math.abs(share[i]! - weight * buckets / sum) <= 1));
  }
});

Deno.test("vpp 8.16: a million routes are loaded, and no look-up takes more than three loads", () => {
  const routes = bgpLikeTable({ routes: 1_000_000, seed: 1, nextHops: 4 });
  const loadBalances = new LoadBalances(1);
  const fib = new Ip4Fib(new Memory(1), loadBalances);
  for (let i = 0; i < routes.count; i++) {
    fib.add(routes.prefix[i]!, routes.depth[i]!, [{
      type: DPO.adjacency,
      index: routes.nextHop[i]!,
      weight: 1,
    }]);
  }
  assertEquals(fib.size, routes.count);
  const reads = [0, 0, 0, 0, 0];
  for (let i = 0; i < routes.count; i += 7) {
    const address = routes.prefix[i]!;
    reads[fib.mtrie.reads(address)]!++;
    const loadBalance = fib.lookup(address);
    assert(loadBalances.type[loadBalances.base[loadBalance]!] === DPO.adjacency);
  }
  assertEquals([reads[0], reads[4]], [0, 0]);
  assert(reads[2]! > reads[1]!, `${reads}`);
  fib.add(0x0a010203, 32, [{ type: DPO.adjacency, index: 1, weight: 1 }]);
  assertEquals(fib.mtrie.reads(0x0a010203), 3);
});

Deno.test("vpp invariant 9: the mtrie equals a scan while routes come and go, edges of all lengths among them", () => {
  const loadBalances = new LoadBalances(1);
  const fib = new Ip4Fib(new Memory(1), loadBalances);
  const depths = [0, 1, 8, 15, 16, 17, 23, 24, 25, 31, 32];
  const bases = [0x0a010203, 0x0a0102ff, 0x0a01fe00, 0xc0000201];
  let state = 1;
  const next = (n: number): number => (state = (state * 1103515245 + 12345) % 2 ** 31) % n;
  for (let step = 0; step < 300; step++) {
    const depth = depths[next(depths.length)]!;
    const base = bases[next(bases.length)]!;
    const prefix = depth === 0 ? 0 : (base & (-1 << (32 - depth))) >>> 0;
    if (next(3) === 0) fib.delete(prefix, depth);
    else fib.add(prefix, depth, [{ type: DPO.adjacency, index: next(4), weight: 1 }]);
    const wrong = auditMtrie(fib);
    assertEquals(wrong, null, `step ${step}`);
  }
  // a cover is there again when what lay over it is gone, and every load balance was given back
  const routes: [number, number][] = [];
  fib.walk((prefix, depth) => void routes.push([prefix, depth]));
  for (const [prefix, depth] of routes) assert(fib.delete(prefix, depth));
  assertEquals([fib.size, fib.lookup(0x0a010203), auditLoadBalances(loadBalances)], [0, 0, null]);
  const inUse = loadBalances.mask.subarray(0, loadBalances.end).filter((mask) => mask >= 0).length;
  assertEquals(inUse, 1, "the default route's alone");
});

Deno.test("auditMtrie and auditLoadBalances say what is wrong", () => {
  const loadBalances = new LoadBalances(1);
  const fib = new Ip4Fib(new Memory(1), loadBalances);
  fib.add(0x0a000000, 8, [{ type: DPO.adjacency, index: 1, weight: 1 }]);
  fib.add(0x0a010000, 16, [{ type: DPO.adjacency, index: 2, weight: 1 }]);
  fib.mtrie.delete(0x0a010000, 16);
  assertEquals(
    auditMtrie(fib),
    "the mtrie answers load balance 1 for 0xa010000, a scan of 2 routes 2",
  );
  fib.add(0x0b000000, 8, [1, 1].map((weight, index) => ({ type: DPO.adjacency, index, weight })));
  const index = fib.entry(0x0b000000, 8);
  loadBalances.dpo[loadBalances.base[index]!] = 1;
  assertEquals(
    auditLoadBalances(loadBalances),
    `load balance ${index}: paths of weights 1, 1 have 0, 2 of 2 buckets`,
  );
  loadBalances.mask[index] = 2;
  assertEquals(
    auditLoadBalances(loadBalances),
    `load balance ${index} has 3 buckets, not a power of two`,
  );
});

Deno.test("ip4FlowHash changes with the flow and with nothing else", () => {
  // final(0, 0, 0) is 0; one bit of any word reaches the upper half
  assertEquals(lookup3(0, 0, 0), 0);
  const one = lookup3(1, 0, 0) >>> 0;
  const other = lookup3(0, 1, 0) >>> 0;
  assert(one !== other && one > 0xffff && other > 0xffff);
  const frame = new Uint8Array(60);
  frame.set([0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17]);
  const hash = ip4FlowHash(frame, 0);
  frame[21] = 9; // source port
  assert(ip4FlowHash(frame, 0) !== hash);
  frame[21] = 0;
  frame[8] = 3; // TTL is no part of a flow
  assertEquals(ip4FlowHash(frame, 0), hash);
});

Deno.test("vpp refuses routes and neighbours that name nothing", () => {
  const boot = (line: string) => () => testbedOf({ startup: [line] }).run(scenarioOf([]));
  assertThrows(boot("ip route add 11.0.0.0/8 via 9.9.9.9"), RangeError, "9.9.9.9 is no neighbor");
  assertThrows(boot("ip route del 11.0.0.0/8"), RangeError, "is not there");
  assertThrows(boot(`set interface state ${IF2} up`), RangeError, `unknown interface "${IF2}"`);
});
