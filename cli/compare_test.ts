// Aim: what a stack does wrong ends in the result, not in a crash and not in silence.
// Method: small stacks that are wrong on purpose, on a few packets.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { type Policy, type Stack, STRICT } from "../core/mod.ts";
import { paperHost } from "../fixtures/mod.ts";
import { l3fwd } from "../stacks/mod.ts";
import { compareStacks } from "./compare.ts";
import { readInputs } from "./inputs.ts";
import { parseCompareOptions } from "./options.ts";
import type { StackResult } from "./report/result.ts";
import { SharedTables } from "./tables.ts";
import { UserError } from "./user_error.ts";

const options = parseCompareOptions({ traffic: "64B", count: "64", fidelity: "coarse" });
const inputs = readInputs(options, { ttl1: 0.2 });

function resultOf(create: () => Stack, on = inputs): StackResult {
  const entry = { name: "wrong", about: "wrong on purpose", byDefault: false, ring: 64, create };
  const setup = { stacks: [entry], host: paperHost, fidelity: options.fidelity };
  return compareStacks(setup, on)[0]!;
}

function verdict(result: StackResult, id: string): string {
  const { verdict, text } = result.laws.find((law) => law.id === id)!;
  return `${verdict}: ${text}`;
}

Deno.test("compareStacks reports a stack that throws as a broken law and goes on", () => {
  const result = resultOf(() => () => {
    throw new TypeError("Cannot boot: no reason");
  });
  assertEquals(result.run.end, "threw");
  assertEquals([result.offered, result.forwarded, result.waiting], [64, 0, 64]);
  assert(verdict(result, "RUN-1").startsWith("broken: it threw TypeError: Cannot boot: no reason"));
  assertEquals(verdict(result, "PKT-1"), "not-judged: the device threw");
  assertEquals(verdict(result, "TIME-1"), "not-judged: the device threw");
});

Deno.test("compareStacks tells which law's run a stack did not survive", () => {
  let runs = 0;
  const result = resultOf(() => (env) => {
    if (++runs > 2) throw new TypeError("Cannot boot: once too often");
    return l3fwd("strict")(env);
  });
  assertEquals([result.run.end, result.waiting], ["quiet", 0]);
  const said = verdict(result, "RUN-1");
  assert(
    /^broken: in the run for [A-Z]+-\d\w? it threw TypeError: Cannot boot: once/.test(said),
    said,
  );
});

Deno.test("compareStacks reports a law that a stack breaks by what it declares", () => {
  // It forwards packets of TTL 1 and says that it drops them.
  const liar: Policy = { ...l3fwd("faithful").policy!, ttl: "drop" };
  const result = resultOf(() => Object.assign(l3fwd("faithful").bind(null), { policy: liar }));
  assertEquals(result.policy.ttl, "drop");
  assert(verdict(result, "PKT-2").startsWith("broken: packet "), verdict(result, "PKT-2"));
  assertEquals(verdict(result, "ORD-2"), "kept: ");
});

Deno.test("compareStacks reports a stack that does nothing as one that leaves packets waiting", () => {
  const result = resultOf(() => {
    const idle: Stack = () => ({ name: "idle" });
    return Object.assign(idle, { policy: STRICT });
  });
  assertEquals([result.title, result.forwarded, result.waiting], ["idle", 0, 64]);
  assertEquals(result.latencyNs, null);
  assert(verdict(result, "LOSS-3").startsWith("broken: "), verdict(result, "LOSS-3"));
});

Deno.test("compareStacks judges by a part of the packets only what runs a stack again", () => {
  const many = readInputs({ ...options, count: 1100 });
  const result = resultOf(() => l3fwd("strict"), many);
  const packets = Object.fromEntries(result.laws.map((law) => [law.id, law.packets]));
  assertEquals([packets["RUN-1"], packets["PKT-1"], packets["TIME-1"]], [1100, 1100, 1024]);
  assertEquals(result.laws.filter((law) => law.verdict === "broken"), []);
});

Deno.test("SharedTables builds one table unless a default route makes two", () => {
  const plain = {
    count: 2,
    prefix: Uint32Array.of(0x0a000000, 0x0a000080),
    depth: Uint8Array.of(8, 25),
    nextHop: Uint32Array.of(1, 2),
  };
  const one = new SharedTables(plain);
  assert(one.table(true) === one.table(false));
  assertEquals(one.table(true).lookup(0x0a0000ff), 2);
  const two = new SharedTables({
    ...plain,
    depth: Uint8Array.of(0, 25),
    prefix: Uint32Array.of(0, 128),
  });
  assertEquals([two.table(true).lookup(0x08080808), two.table(false).lookup(0x08080808)], [1, -1]);
});

Deno.test("SharedTables refuses prefixes that take more groups than it has memory for", () => {
  const count = 2 ** 18 + 1;
  const routes = {
    count,
    prefix: Uint32Array.from({ length: count }, (_, i) => i * 256),
    depth: new Uint8Array(count).fill(25),
    nextHop: new Uint32Array(count),
  };
  assertThrows(
    () => new SharedTables(routes).table(true),
    UserError,
    "--routes: expected prefixes longer than 24 in at most 262144 blocks of /24, got 262145",
  );
});
