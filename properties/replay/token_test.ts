// Aim: a token gives back the scenario that was written into it, to the same machine or another, and
// what is no token, or a damaged one, is refused with one line. Method: round trips of drawn
// scenarios of every kind; every truncation and many changed characters of a right token; one token
// of the first day, which has to be read for ever.
import { assert, assertEquals, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import { STRICT } from "../../core/stack.ts";
import { InputError } from "../../fixtures/input_error.ts";
import { build } from "../arbitraries/build.ts";
import { scenario } from "../arbitraries/scenario.ts";
import { scenarioJson, scenarioOf } from "../counterexample/json.ts";
import { fibScenarios, readFibScenario } from "../fib/scenario.ts";
import { fib6Scenarios } from "../fib6/scenario.ts";
import { mempoolScenarios, readMempoolScenario } from "../mempool/scenario.ts";
import { readRingScenario, ringScenarios } from "../ring/scenario.ts";
import type { Field } from "../counterexample/_reader.ts";
import { decodeToken, encodeToken, isToken, type TokenKind } from "./token.ts";

/** Of a plain packet from port 0 to port 1, when the form `pc1` was new. */
const OF_THE_FIRST_DAY =
  "pc1-PEGClT8CAADV1TEOgCAMQNErFaSlPY6KJA7efzWoIMGqcXQiLF36flpOjNL6Mm_H4QdJHUl8rKotqFpqauT8mtdG8hKeGtCBgy610LlKre1lRum9oUM0hIaP3fmAJD4RuEx01gkCepwIafSd79kwcxSSoPJZAQ";

Deno.test("decodeToken HARN-5: gives back a forwarder's scenario, bit for bit", () => {
  fc.assert(
    fc.property(scenario(STRICT), (draw) => {
      const written = build(draw);
      const token = encodeToken("forwarder", "mine", "LOSS-1a", scenarioJson(written));
      const read = decodeToken(token);
      assertEquals([read.kind, read.name, read.law], ["forwarder", "mine", "LOSS-1a"]);
      assertEquals(scenarioOf(read.scenario), written);
    }),
    { numRuns: 40, seed: 1 },
  );
});

const PARTS: readonly [TokenKind, fc.Arbitrary<unknown>, (field: Field) => unknown][] = [
  ["fib4", fibScenarios(1), (f) => readFibScenario(f, 32, (b) => b.integer(0, 2 ** 32 - 1))],
  ["fib6", fib6Scenarios(1), (f) => readFibScenario(f, 128, (b) => b.digits(128))],
  ["ring", fc.oneof(ringScenarios("zero", true), ringScenarios("wrap", false)), readRingScenario],
  ["mempool", mempoolScenarios(), readMempoolScenario],
];

for (const [kind, scenarios, read] of PARTS) {
  Deno.test(`decodeToken gives back the scenario of a ${kind}`, () => {
    fc.assert(
      fc.property(scenarios, (written) => {
        const token = encodeToken(kind, "mine", "LAW-1", JSON.stringify(written));
        assertEquals(JSON.stringify(read(decodeToken(token).scenario)), JSON.stringify(written));
      }),
      { numRuns: 40, seed: 1 },
    );
  });
}

Deno.test("decodeToken reads a token of the first day, however it was wrapped", () => {
  const { law, name, laws, scenario } = decodeToken(OF_THE_FIRST_DAY);
  assertEquals([law, name, laws], ["PKT-1", "mine", 1]);
  const { traffic, routes } = scenarioOf(scenario);
  assertEquals([traffic.count, traffic.length[0], routes.count], [1, 60, 1]);
  const wrapped = ` ${OF_THE_FIRST_DAY.replace(/.{40}/g, "$&\n  ")}\n`;
  assertEquals(isToken(wrapped), true);
  assertEquals(decodeToken(wrapped).law, law);
  // written anew it says the same, and names the laws of today
  const again = encodeToken("forwarder", name, law, scenarioJson(scenarioOf(scenario)));
  const { scenario: same, ...rest } = decodeToken(again);
  assertEquals({ ...rest, laws: 1 }, { kind: "forwarder", name, law, laws: 1 });
  assertEquals(scenarioOf(same), scenarioOf(scenario));
});

Deno.test("decodeToken refuses a token with something behind it", () => {
  for (let n = 0; n < 6; n++) {
    const token = encodeToken("ring", "n".repeat(n), "RING-1", "{}");
    decodeToken(token);
    for (const more of ["x", "A", "xy", "AAAA", "="]) {
      assert(refusal(token + more).includes("expected a whole token"), token + more);
    }
  }
  assertEquals(decodeToken(encodeToken("ring", "n".repeat(300), "RING-1", "{}")).name.length, 200);
});

function refusal(token: string): string {
  try {
    decodeToken(token);
  } catch (error) {
    assert(error instanceof InputError, String(error));
    assert(!error.message.includes("\n"), error.message);
    return error.message;
  }
  throw new Error(`taken: ${token}`);
}

Deno.test("decodeToken refuses every token that was cut or mistyped", () => {
  const token = OF_THE_FIRST_DAY;
  for (let n = 0; n < token.length; n++) refusal(token.slice(0, n));
  // the last characters carry bits of no meaning: what follows the end of the deflated text
  for (let at = 0; at < token.length - 2; at++) {
    const other = token[at] === "A" ? "B" : "A";
    refusal(token.slice(0, at) + other + token.slice(at + 1));
  }
  assertEquals(refusal("hello"), 'token: form: expected pc1-..., got "hello"');
  assertEquals(
    refusal(token.slice(0, 60)),
    "token: contents: expected a whole token, got one that is cut or mistyped",
  );
});

Deno.test("decodeToken unpacks no more than the length that is named, and no length beyond 16 MiB", () => {
  const text = encodeToken("ring", "bomb", "RING-1", JSON.stringify("a".repeat(100_000)));
  const bytes = Uint8Array.fromBase64(text.slice(4), { alphabet: "base64url" });
  for (const length of [0, 10, 99_000, 2 ** 24 + 1, 2 ** 32 - 1]) {
    new DataView(bytes.buffer).setUint32(4, length, true);
    refusal(`pc1-${bytes.toBase64({ alphabet: "base64url" })}`);
  }
});

Deno.test("readers of scenarios name what is wrong in a token", () => {
  const ring = (change: object) => {
    const [drawn] = fc.sample(ringScenarios("zero", true), { numRuns: 1, seed: 1 });
    const text = JSON.stringify({ ...drawn, ...change });
    return readRingScenario(decodeToken(encodeToken("ring", "r", "RING-1", text)).scenario);
  };
  ring({});
  assertThrows(
    () => ring({ geometry: { size: 0, exactSize: true, startIndex: 0 } }),
    InputError,
    "token: scenario.geometry.size: expected an integer 1..1048576, got 0",
  );
  assertThrows(
    () => ring({ kinds: [] }),
    InputError,
    "scenario.kinds: expected an array of at least 1",
  );
  assertThrows(
    () => ring({ kinds: ["eat"] }),
    InputError,
    'scenario.kinds[0]: expected "enqueue" or',
  );
  assertThrows(
    () => ring({ steps: [{}] }),
    InputError,
    "scenario.steps[0].kind: expected an integer",
  );
});
