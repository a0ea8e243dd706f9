// Aim: three lines register a test; its steps never show a law green that was not judged, and a
// broken law leaves a report, a file that is run again, and a capture.
// Method: the fake device under the real function, then the steps and files of faulty ones.
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  conformance,
  type ConformanceOptions,
  saveCounterexample,
  stepsOf,
} from "./conformance.ts";
import { readScenario } from "./counterexample/json.ts";
import { FakeDevice, fakeDevices, type FakeFault } from "./run/_fake_device_for_tests.ts";
import { checkConformance } from "./run/check.ts";

conformance("fake device", new FakeDevice(), { fresh: () => new FakeDevice(), numRuns: 200 });

const BROKEN = (() => {
  const { device, fresh } = fakeDevices("wrong-port-for-32");
  return checkConformance(device, { fresh, numRuns: 200, seed: 9 });
})();

Deno.test("stepsOf fails the laws that broke, ignores those not judged and passes the others", () => {
  const saved: string[] = [];
  const steps = stepsOf(BROKEN, ({ law }) => {
    saved.push(law.id);
    return [`saved ${law.id}`];
  });
  const step = (id: string) => steps.find(({ name }) => name.startsWith(`${id} `))!;
  assert(
    /^LPM-1 broken on \d+ of \d+ runs, first on run [1-9]\d*$/.test(step("LPM-1").name),
    step("LPM-1").name,
  );
  assert(step("LPM-1").failure!.startsWith("LPM-1 broken by fake: packet 0"));
  const files =
    /\n {2}files {5}saved LPM-1\n {2}replay {4}PLANECHECK_REPLAY=pc1-[\w-]+ deno test -A$/;
  assert(files.test(step("LPM-1").failure!), step("LPM-1").failure!);
  assertEquals(saved, ["LPM-1", "PKT-1", "PKT-7"]);
  assertEquals(step("LOSS-2"), {
    name: "LOSS-2 kept, judged on 200 of 200 runs (96 coarse, 104 tlp)",
    ignore: false,
    failure: null,
  });
  assertEquals(step("PCIE-1"), {
    name: "PCIE-1 not judged: the device does not show credits",
    ignore: true,
    failure: null,
  });
  assert(/^200 scenarios, \d+ packets, seed 9$/.test(steps.at(-1)!.name), steps.at(-1)!.name);
});

Deno.test("stepsOf fails the last step when the harness missed a rule", () => {
  const harness = [{ id: "HARN-2", sentence: "3 of 200 scenarios were run" } as const];
  const last = stepsOf({ ...BROKEN, harness }, () => []).at(-1)!;
  assertEquals(last.failure, "HARN-2: 3 of 200 scenarios were run");
});

Deno.test("saveCounterexample leaves a file that is run again and a capture", () => {
  const folder = Deno.makeTempDirSync();
  try {
    const { counterexample } = BROKEN.laws.find(({ law }) => law.id === "LPM-1")!;
    const files = saveCounterexample(`${folder}/new`, "a stack/of mine", counterexample!);
    assertEquals(files, [
      `${folder}/new/a-stack-of-mine-LPM-1.json`,
      `${folder}/new/a-stack-of-mine-LPM-1.pcapng`,
    ]);
    const replay = readScenario(Deno.readTextFileSync(files[0]!), files[0]);
    assertEquals(replay, counterexample!.scenario);
    const { laws } = checkConformance(new FakeDevice("wrong-port-for-32"), { replay });
    assertEquals(laws.find(({ law }) => law.id === "LPM-1")!.kept, 0);
    assertEquals([...Deno.readFileSync(files[1]!).subarray(0, 4)], [0x0a, 0x0d, 0x0d, 0x0a]);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("conformance refuses a PLANECHECK_SEED that is no integer of 32 bits", () => {
  const before = Deno.env.get("PLANECHECK_SEED");
  try {
    for (const text of ["seven", "1.5", "4294967296"]) {
      Deno.env.set("PLANECHECK_SEED", text);
      assertThrows(
        () => conformance("never registered", new FakeDevice()),
        RangeError,
        `Cannot take seed: PLANECHECK_SEED is "${text}", not an integer of 32 bits`,
      );
    }
  } finally {
    if (before === undefined) Deno.env.delete("PLANECHECK_SEED");
    else Deno.env.set("PLANECHECK_SEED", before);
  }
});

interface Step {
  readonly name: string;
  readonly ignore: boolean;
  fn(): void | Promise<void>;
}

/** Runs what `conformance` registers; what each step that failed said. */
async function failures(fault: FakeFault | null, options: ConformanceOptions): Promise<string[]> {
  const tests: ((t: unknown) => Promise<void>)[] = [];
  const register = Deno.test;
  try {
    Object.assign(Deno, { test: (_: unknown, fn: typeof tests[0]) => void tests.push(fn!) });
    conformance("my fake", new FakeDevice(fault), { numRuns: 60, only: /LPM-1|HARN/, ...options });
  } finally {
    Object.assign(Deno, { test: register });
  }
  const failed: string[] = [];
  const run = async (name: string, fn: Step["fn"]) => {
    try {
      await fn();
    } catch (error) {
      failed.push(`${name}: ${(error as Error).message}`);
    }
  };
  await tests[0]!({
    step: (step: string | Step, fn: Step["fn"]) =>
      typeof step === "string" ? run(step, fn) : step.ignore || run(step.name, step.fn),
  });
  return failed;
}

Deno.test("conformance runs what earlier runs found first, and what the environment asks alone", async () => {
  const out = Deno.makeTempDirSync();
  const before = Deno.env.get("PLANECHECK_REPLAY");
  try {
    const [found] = await failures("wrong-port-for-32", { out, seed: 9 });
    assert(found!.startsWith("LPM-1 broken on"), found);
    const file = `${out}/my-fake-LPM-1.json`;
    assert(found!.includes(`  files     ${file}\n`), found);
    // another's file, which is not read
    Deno.writeTextFileSync(`${out}/my-fake-two-LPM-1.json`, "{");
    const again = await failures("wrong-port-for-32", { out, seed: 9 });
    assertEquals(again.length, 2);
    assert(again[0]!.startsWith(`again ${file}: LPM-1 broken by fake: packet 0`), again[0]);
    assertEquals(await failures(null, { out, seed: 9 }), []);
    Deno.writeTextFileSync(file, "{");
    const [damaged] = await failures(null, { out, seed: 9 });
    assert(damaged!.startsWith(`again ${file}: ${file}: line 1: expected JSON`), damaged);

    const [token] = /pc1-[\w-]+/.exec(found!)!;
    Deno.env.set("PLANECHECK_REPLAY", token);
    const [replayed, ...others] = await failures("wrong-port-for-32", { out });
    assertEquals(others, []);
    assert(
      replayed!.startsWith("LPM-1 broken on 1 of 1 runs, first on run 1: LPM-1 broken by fake"),
      replayed,
    );
    assertEquals(await failures(null, { out }), []);
    Deno.env.set("PLANECHECK_REPLAY", token.slice(0, 50));
    assertThrows(() => conformance("never", new FakeDevice()), Error, "expected a whole token");
    Deno.env.delete("PLANECHECK_REPLAY");
    const option = await failures("wrong-port-for-32", { out, replay: token });
    assertEquals(option.map((text) => text.slice(0, 5)), ["LPM-1"]);
  } finally {
    if (before === undefined) Deno.env.delete("PLANECHECK_REPLAY");
    else Deno.env.set("PLANECHECK_REPLAY", before);
    Deno.removeSync(out, { recursive: true });
  }
});
