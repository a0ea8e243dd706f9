// Aim: a deviation profile changes what it names and nothing else, is printed with its reasons, and is refused in one
// line where it is not as expected. Method: files with one mistake of each kind.
import { assertEquals, assertThrows } from "@std/assert";
import { STRICT } from "../../core/mod.ts";
import { inFolder } from "../_run_for_tests.ts";
import { UserError } from "../user_error.ts";
import { profileLines, readProfile, withDeviations } from "./profile.ts";

const PROFILES = `${import.meta.dirname}/../../docs/profiles`;

Deno.test("readProfile, withDeviations and profileLines take a profile to the report", () => {
  const deviations = readProfile(`${PROFILES}/ovs.json`);
  const policy = withDeviations({ ...STRICT, ports: "virtual" }, deviations);
  assertEquals(policy, {
    ...STRICT,
    ports: "virtual",
    checksum: "trust",
    header: "lengths",
    hairpin: "drop",
  });
  const lines = profileLines(policy, deviations);
  assertEquals(lines[0], "judged as: ports virtual");
  assertEquals(lines.slice(1).map((line) => line.split(" (")[0]), [
    "deviation: checksum trust",
    "deviation: header lengths",
    "deviation: hairpin drop",
  ]);
  assertEquals(profileLines(STRICT, []), []);
});

Deno.test("every profile in docs is one", () => {
  for (const { name } of Deno.readDirSync(PROFILES)) readProfile(`${PROFILES}/${name}`);
});

Deno.test("readProfile refuses what is no profile, naming the entry", async () => {
  await inFolder((folder) => {
    const path = `${folder}/p.json`;
    const cases: readonly (readonly [string, string])[] = [
      ["{", "expected JSON, got "],
      ["{}", "deviations: "],
      ['{"deviations":[]}', "deviations: "],
      ['{"deviations":[{"field":"colour","value":1,"why":"x"}]}', "deviations.0.field: "],
      ['{"deviations":[{"field":"ttl","value":"keep","why":"x"}]}', "deviations.0.value: "],
      ['{"deviations":[{"field":"ttl","value":"ignore","why":""}]}', "deviations.0.why: "],
      ['{"deviations":[{"field":"ttl","value":"ignore"}]}', "deviations.0.why: "],
      [
        '{"deviations":[{"field":"martianSources","value":["10/8"],"why":"x"}]}',
        "deviations.0.value: ",
      ],
    ];
    for (const [text, said] of cases) {
      Deno.writeTextFileSync(path, text);
      assertThrows(() => readProfile(path), UserError, `${path}: ${said}`);
    }
    return Promise.resolve();
  });
});
