// Aim: the test that `conformance` registers fails when a law is broken, once for each such law and with its
// report, and passes otherwise: a harness that only reported would leave every suite green.
// Method: the registered function is caught instead of run, and then run under a step function that notes what
// each step throws.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type AsyncDevice, asyncForwarder } from "../core/machine/mod.ts";
import { hasty, inOrder } from "./run/_async_forwarders_for_tests.ts";
import { conformance, type ConformanceOptions } from "./conformance.ts";
import { fakeDevices, type FakeFault } from "./run/_fake_device_for_tests.ts";

type Step = { name: string; ignore: boolean; fn: () => void | Promise<void> };
type Registered = (
  t: { step(step: Step | string, fn?: Step["fn"]): Promise<boolean> },
) => Promise<void>;

/** Runs what `conformance` registers; answers the names of its steps and what they threw. */
async function outcome(
  fault: FakeFault | AsyncDevice | null,
  options: ConformanceOptions,
): Promise<{ steps: string[]; failed: Map<string, string> }> {
  const isAsync = typeof fault === "object" && fault !== null;
  const { device, fresh } = isAsync ? { device: fault, fresh: undefined } : fakeDevices(fault);
  const caught: [string, Registered][] = [];
  const register = Deno.test;
  try {
    Object.assign(Deno, { test: (name: string, fn: Registered) => void caught.push([name, fn]) });
    conformance("a device", device, fresh ? { fresh, ...options } : options);
  } finally {
    Object.assign(Deno, { test: register });
  }
  assertEquals(caught.map(([name]) => name), ["a device"]);
  const steps: string[] = [];
  const failed = new Map<string, string>();
  await caught[0]![1]({
    async step(step, act) {
      const { name, ignore, fn } = typeof step === "string"
        ? { name: step, ignore: false, fn: act! }
        : step;
      steps.push(name);
      if (ignore) return true;
      try {
        await fn();
        return true;
      } catch (error) {
        failed.set(name, String((error as Error).stack));
        return false;
      }
    },
  });
  return { steps, failed };
}

Deno.test("conformance fails the step of each broken law with its report, and no other", async () => {
  const folder = Deno.makeTempDirSync();
  try {
    const { steps, failed } = await outcome("wrong-port-for-32", { numRuns: 200, out: folder });
    const ids = [...failed.keys()].map((name) => name.split(" ")[0]);
    assertEquals(ids, ["LPM-1", "PKT-1", "PKT-7"]);
    for (const [name, text] of failed) {
      assert(/broken on \d+ of \d+ runs, first on run \d+$/.test(name), name);
      assert(text.includes(`${name.split(" ")[0]} broken by`), text);
      assert(!text.includes("conformance.ts"), "the harness's own stack tells a reader nothing");
    }
    assert(steps.length > 20, `${steps.length} steps`);
    const files = [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();
    assertEquals(files.length, 6, `${files}`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("conformance fails its last step when the run itself fell short", async () => {
  const { steps, failed } = await outcome(null, { numRuns: 100_000, timeLimitMs: 20 });
  assertEquals([...failed.keys()].at(-1), steps.at(-1));
  assert(failed.get(steps.at(-1)!)!.includes("HARN-2"), `${[...failed.values()]}`);
});

Deno.test("conformance of a device that keeps the laws fails nothing", async () => {
  const { steps, failed } = await outcome(null, { numRuns: 150 });
  assertEquals([...failed], []);
  assert(steps.some((name) => /^LOSS-2 kept, judged on 150 of 150 runs/.test(name)), `${steps}`);
});

Deno.test("conformance waits for asynchronous devices, and runs their failures again", async () => {
  const folder = Deno.makeTempDirSync();
  const options = { numRuns: 60, only: /^(ORD|LOSS)/, out: folder };
  try {
    const { steps, failed } = await outcome(asyncForwarder(hasty), options);
    assertEquals([...failed.keys()].map((name) => name.split(" ")[0]), ["ORD-1"]);
    const [paced] = steps.filter((name) => name.startsWith("LOSS-1b"));
    assertEquals(
      paced,
      "LOSS-1b not judged: it runs the device again, which is asynchronous",
    );
    const again = await outcome(asyncForwarder(hasty), options);
    assertEquals([...again.failed.keys()][0], `again ${folder}/a-device-ORD-1.json`);
    const right = await outcome(asyncForwarder(inOrder), options);
    assertEquals([right.steps[0], [...right.failed]], [`again ${folder}/a-device-ORD-1.json`, []]);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("conformance warns of files that no test will run again, and names a folder that is none", async () => {
  const folder = Deno.makeTempDirSync();
  const warnings: string[] = [];
  const { warn } = console;
  console.warn = (text: string) => void warnings.push(text);
  try {
    for (const file of ["mine-PKT-1.json", "notes.txt", "garbage.json"]) {
      Deno.writeTextFileSync(`${folder}/${file}`, "{}");
    }
    const options = { numRuns: 20, out: folder };
    for (let i = 0; i < 2; i++) assertEquals([...(await outcome(null, options)).failed], []);
    const said = "is left out: expected TEST-LAW.json, as conformance names counterexamples";
    assertEquals(warnings, [`${folder}/garbage.json ${said}`]);
    // one of its own that is none fails
    Deno.writeTextFileSync(`${folder}/a-device-PKT-1.json`, "{}");
    const [[step, text]] = [...(await outcome(null, options)).failed] as [[string, string]];
    assertEquals(step, `again ${folder}/a-device-PKT-1.json`);
    assert(/^InputError: \S*a-device-PKT-1.json: \S+: expected /.test(text), text);
    const file = `${folder}/notes.txt`;
    const error = await assertRejects(() => outcome(null, { numRuns: 20, out: file }), Error);
    assert(error.message.startsWith(`Cannot read ${file}: expected a folder of`), error.message);
    assertEquals(error.stack, `Error: ${error.message}`);
  } finally {
    console.warn = warn;
    Deno.removeSync(folder, { recursive: true });
  }
});
