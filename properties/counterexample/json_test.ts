// Aim: a counterexample's file gives back the same scenario, bit for bit, and what is no such file
// is refused with one line that says where.
// Method: round trips of drawn scenarios; a table of broken files; every truncation of a right one.
import { assert, assertEquals, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import type { SpecialHop } from "../../core/machine/scenario.ts";
import { STRICT } from "../../core/stack.ts";
import { InputError } from "../../fixtures/input_error.ts";
import { build } from "../arbitraries/build.ts";
import { scenario } from "../arbitraries/scenario.ts";
import { FakeDevice } from "../run/_fake_device_for_tests.ts";
import { checkConformance } from "../run/check.ts";
import { exampleOf } from "./_example_for_tests.ts";
import { readCounterexample, readScenario, writeCounterexample } from "./json.ts";

const EXAMPLE = exampleOf("drops-fifth", "LOSS-1a");
const TEXT = writeCounterexample(EXAMPLE);

Deno.test("readScenario gives back what writeCounterexample wrote, bit for bit", () => {
  fc.assert(
    fc.property(scenario(STRICT), (draw) => {
      const written = build(draw);
      const text = writeCounterexample({ ...EXAMPLE, scenario: written });
      assertEquals(readScenario(text), written);
      assertEquals(writeCounterexample({ ...EXAMPLE, scenario: readScenario(text) }), text);
    }),
    { numRuns: 50, seed: 1 },
  );
});

Deno.test("readCounterexample tells the law, the device and what was wrong", () => {
  const { device, law, sentence } = readCounterexample(TEXT);
  assertEquals([device, law], ["fake", "LOSS-1a"]);
  assertEquals(sentence, EXAMPLE.sentence);
});

Deno.test("a replayed file breaks the same law with the same sentence", () => {
  const device = new FakeDevice("drops-fifth");
  const { laws } = checkConformance(device, { replay: readScenario(TEXT), only: /LOSS-1a/ });
  assertEquals(laws.find(({ law }) => law.id === "LOSS-1a")!.counterexample, EXAMPLE);
});

/** What is done to a right file, and the one line that must come of it. */
const MISTAKES: readonly (readonly [string, RegExp | string, string, string])[] = [
  ["no JSON", /^\{/, "[", 'x.json: line 2: expected JSON, got ":'],
  ["other format", /"planecheck counterexample"/, '"har"', "x.json: format: expected"],
  ["newer format", /"number": 1/, '"number": 2', "x.json: number: expected an integer 1..1, got 2"],
  ["no ports", /"ports":2/, '"ports":0', "x.json: geometry.ports: expected an integer 1..255"],
  ["odd ring", /"rxRing":64/, '"rxRing":48', "x.json: geometry.rxRing: expected a power of two"],
  [
    "no fidelity",
    /"tlp"/,
    '"fine"',
    'geometry.fidelity: expected "coarse" or "tlp" or "link", got "fine"',
  ],
  ["host bits", /10\.0\.0\.0\/24/, "10.0.0.0/6", "x.json: routes[0].prefix: expected a prefix"],
  [
    "depth",
    /10\.0\.0\.0\/24/,
    "10.0.0.0/33",
    "expected a prefix such as 10.0.0.0/8, its host bits",
  ],
  ["no hop", /"nextHop":1/, '"nextHop":2', "routes[0].nextHop: expected an integer 0..1, got 2"],
  ["hop's port", /"port":1,"mac"/, '"port":9,"mac"', "nextHops[1].port: expected an integer 0..1"],
  ["mac", /0a0000000101/, "0a00000001", "nextHops[1].mac: expected 6 bytes in hexadecimal"],
  ["odd hex", /"frame":"06/, '"frame":"6', "packets[0].frame: expected 1..65535 bytes in hexa"],
  ["no hex", /"frame":"06/, '"frame":"0g', "packets[0].frame: expected 1..65535 bytes in hexa"],
  ["time back", /"atPs":2036/, '"atPs":1', "packets[4].atPs: expected an integer 1036400.."],
  ["half time", /"atPs":1000000/, '"atPs":0.5', "packets[0].atPs: expected an integer 0.."],
  [
    "port",
    /"port":0,"atPs"/,
    '"port":2,"atPs"',
    "packets[0].port: expected an integer 0..1, got 2",
  ],
  ["no packets", /"packets": \[/, '"packet": [', "packets: expected an array, got nothing"],
  ["value", /"value":2/, '"value":-2', "deviations[0].value: expected an integer 0.."],
  ["macs", /"060000000000",/, "", "portMacs: expected an array of 2, one for each port"],
];

for (const [name, from, to, message] of MISTAKES) {
  Deno.test(`readScenario refuses ${name} in one line`, () => {
    const broken = TEXT.replace(from, to);
    assert(broken !== TEXT, "the mistake was made");
    const error = assertThrows(() => readScenario(broken, "x.json"), InputError, message) as Error;
    assert(!error.message.includes("\n") && error.message.length < 200, error.message);
  });
}

Deno.test("readScenario refuses every truncation, and nothing but by an InputError", () => {
  for (let length = 0; length < TEXT.trimEnd().length; length += 7) {
    assertThrows(() => readScenario(TEXT.slice(0, length)), InputError);
  }
  for (const text of ["null", "3", "[]", '"x"', "{}", '{"format":{}}', "[[[[["]) {
    assertThrows(() => readScenario(text), InputError);
  }
});

Deno.test("a scenario keeps next hops that are none, or several", () => {
  const special = new Map<number, SpecialHop>([[1, "prohibit"], [2, [0, 1]]]);
  const one = { ...EXAMPLE.scenario.neighbours, special };
  const scenario = {
    ...EXAMPLE.scenario,
    neighbours: { ...one, count: 3, port: Uint8Array.of(1, 0, 0), mac: new Uint8Array(18) },
  };
  const text = writeCounterexample({ ...EXAMPLE, scenario });
  assertEquals(readScenario(text).neighbours, scenario.neighbours);
  const backwards = text.replace('{"is":[0,1]}', '{"is":[2]}');
  assertThrows(
    () => readScenario(backwards, "x.json"),
    Error,
    "x.json: nextHops[2].is[0]: expected an integer 0..1, got 2",
  );
});
