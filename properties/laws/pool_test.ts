import type { FaultKind, PoolAccount } from "../../core/machine/observation.ts";
import {
  assertBroken,
  assertKept,
  assertNotJudged,
  INGRESS,
  LCORE,
} from "./_observations_for_tests.ts";
import { POOL_1, POOL_3 } from "./pool.ts";

function pools(free: number, held: PoolAccount["held"] = []) {
  const host = { name: "host", size: 64, free, cached: 8, held };
  const small = { name: "other", size: 1, free: 1, cached: 0, held: [] };
  return { change: (o: { pools: PoolAccount[] }) => void (o.pools = [small, host]) };
}

Deno.test("POOL-1 is kept where free, cached and held are all", () => {
  assertKept(POOL_1, pools(56));
  assertKept(POOL_1, pools(46, [{ place: "rx ring 0", count: 7 }, { place: "MAC", count: 3 }]));
});

Deno.test("POOL-1 names what is missing, and who holds what", () => {
  assertBroken(
    POOL_1,
    pools(45, [{ place: "rx ring 0", count: 7 }, { place: "MAC", count: 3 }]),
    "pool host has 63 buffers at the end, expected 64: 45 free, 8 cached, 10 in use " +
      "(7 in rx ring 0, 3 in MAC)",
    [],
  );
  assertBroken(
    POOL_1,
    pools(57),
    "pool host has 65 buffers at the end, expected 64: 57 free, 8 cached, 0 in use",
    [],
  );
});

Deno.test("POOL-1 names what a device keeps for itself at rest, and asks nothing while it is busy", () => {
  const held = [{ place: "nic1 slots from nic0", count: 3 }];
  const nic = { name: "memory of nic1", size: 8, free: 5, cached: 0, device: true as const, held };
  assertBroken(
    POOL_1,
    { change: (o) => o.pools = [nic] },
    "memory of nic1 still has 3 buffers in use at rest (3 in nic1 slots from nic0), expected none: " +
      "they never came back",
    [],
  );
  assertKept(POOL_1, { change: (o) => (o.pools = [nic], o.end = "horizon") });
  assertKept(POOL_1, { change: (o) => o.pools = [{ ...nic, free: 8, held: [] }] });
});

Deno.test("POOL-1 names what software leaked, and not what it had set aside before", () => {
  const inHand = [{ place: "lcore 0", count: 3 }, { place: "lcore 1", count: 1 }];
  const held = [{ place: "rx ring 0", count: 7 }, ...inHand];
  const host = { name: "host", size: 64, free: 45, cached: 8, held, inHand };
  assertBroken(
    POOL_1,
    { change: (o) => o.pools = [{ ...host, inHandAtBoot: 2 }] },
    "pool host still has 4 buffers out at rest, posted to no device (3 in lcore 0, 1 in lcore 1), " +
      "expected 2 as before the first packet: they were leaked",
    [],
  );
  assertBroken(
    POOL_1,
    { change: (o) => o.pools = [host] },
    "pool host still has 4 buffers out at rest, posted to no device (3 in lcore 0, 1 in lcore 1), " +
      "expected none: they were leaked",
    [],
  );
  assertBroken(
    POOL_1,
    { change: (o) => o.pools = [{ ...host, inHandAtBoot: 3 }] },
    "pool host still has 4 buffers out at rest, posted to no device (3 in lcore 0, 1 in lcore 1), " +
      "expected 3 as before the first packet: they were leaked",
    [],
  );
  assertKept(POOL_1, { change: (o) => o.pools = [{ ...host, inHandAtBoot: 4 }] });
  assertKept(POOL_1, { change: (o) => (o.pools = [host], o.end = "horizon") });
});

Deno.test("POOL-1 is not judged without a pool", () => {
  assertNotJudged(POOL_1, {}, "the machine has no pool");
});

function fault(kind: FaultKind, buffer = 12, packet = 0) {
  return {
    change: (o: { fault(k: FaultKind, ...rest: number[]): void }) =>
      o.fault(kind, 1234, buffer, packet, LCORE, INGRESS),
  } as Parameters<typeof assertBroken>[1];
}

Deno.test("POOL-3 is kept where the ledgers found nothing of the kind", () => {
  assertKept(POOL_3);
  assertKept(POOL_3, fault("posted-twice"));
});

Deno.test("POOL-3 names its first finding among those of other laws", () => {
  assertBroken(
    POOL_3,
    {
      change: (o) => {
        o.fault("posted-twice", 1000, 12, 0, LCORE, INGRESS);
        o.fault("use-after-free", 1234, 12, 0, LCORE, INGRESS);
      },
    },
    "at 1.234 ns lcore 0 used buffer 12 with packet 0 after ingress buffer of port 0 had freed it",
    [0],
  );
});

Deno.test("POOL-3 names both holders", () => {
  const other = "ingress buffer of port 0";
  assertBroken(
    POOL_3,
    fault("double-free", 12, -1),
    `at 1.234 ns lcore 0 freed buffer 12, which ${other} had freed already`,
    [],
  );
  assertBroken(
    POOL_3,
    fault("foreign-free"),
    `at 1.234 ns lcore 0 freed buffer 12 with packet 0 of ${other} into a foreign pool`,
    [0],
  );
  assertBroken(
    POOL_3,
    fault("use-after-free"),
    `at 1.234 ns lcore 0 used buffer 12 with packet 0 after ${other} had freed it`,
    [0],
  );
});

Deno.test("POOL-3 does not call a run good whose findings were not all kept", () => {
  assertNotJudged(
    POOL_3,
    { change: (o) => void (o.faultCount = 70) },
    "only 0 of 70 findings of the ledgers were kept",
  );
});

Deno.test("POOL-3 is not judged where the ledger had nothing to look at", () => {
  const change = (o: { posts: number; moves: number; frees: number }) => {
    o.posts = o.moves = o.frees = 0;
  };
  assertNotJudged(POOL_3, { change }, "no buffer was freed");
});
