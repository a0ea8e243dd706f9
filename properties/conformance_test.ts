// Aim: three lines register a test; its steps never show a law green that was not judged, and a
// broken law leaves a report, a file that is run again, and a capture.
// Method: the fake device under the real function, then the steps and files of faulty ones.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { conformance, saveCounterexample, stepsOf } from "./conformance.ts";
import { readScenario } from "./counterexample/json.ts";
import { FakeDevice, fakeDevices } from "./run/_fake_device_for_tests.ts";
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
  assert(/^LPM-1 broken on \d+ of \d+ runs$/.test(step("LPM-1").name), step("LPM-1").name);
  assert(step("LPM-1").failure!.startsWith("LPM-1 broken by fake: packet 0"));
  assert(step("LPM-1").failure!.endsWith("\n  files     saved LPM-1"));
  assertEquals(saved, ["LPM-1", "PKT-1", "PKT-7"]);
  assertEquals(step("LOSS-2"), {
    name: "LOSS-2 kept, judged on 200 of 200 runs (89 coarse, 111 tlp)",
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
