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

/** A profile with one departure. */
function one(field: string, value: unknown): string {
  return JSON.stringify({ deviations: [{ field, value, why: "x" }] });
}

Deno.test("readProfile refuses what is no profile, naming the entry and what is there", async () => {
  await inFolder((folder) => {
    const path = `${folder}/p.json`;
    const cases: readonly (readonly [string, string])[] = [
      ["{", "expected JSON, got "],
      ["[]", "top level: expected object, got []"],
      ["{}", "deviations: expected array, got nothing"],
      ['{"deviations":[]}', "deviations: expected array to have >=1 items, got []"],
      [
        '{"deviations":[{"field":"ttl","value":"ignore","why":"x"}],"device":"mine"}',
        'top level: Unrecognized key: "device"',
      ],
      [
        '{"deviations":[{"field":"colour","value":1,"why":"x"}]}',
        'deviations.0.field: expected one of "onMiss"|',
      ],
      [one("ttl", "keep"), 'deviations.0.value: expected one of "drop"|"ignore", got "keep"'],
      ['{"deviations":[{"field":"ttl","value":"ignore","why":""}]}', "deviations.0.why: "],
      ['{"deviations":[{"field":"ttl","value":"ignore"}]}', "deviations.0.why: expected string"],
      [
        one("martianSources", ["10.0.0.0/8", "10/8"]),
        'deviations.0.value.1: expected a prefix such as 10.0.0.0/8, got "10/8"',
      ],
      [one("martianSources", ["300.0.0.0/8"]), "deviations.0.value.0: expected a prefix such as"],
      [one("mtu", [1500, 5]), "deviations.0.value.1: expected number to be >=68, got 5"],
      [
        one("turns", "x".repeat(99)),
        `deviations.0.value: expected a whole number from 1, or "priority", got "${
          "x".repeat(59)
        }...`,
      ],
    ];
    for (const [text, said] of cases) {
      Deno.writeTextFileSync(path, text);
      assertThrows(() => readProfile(path), UserError, `${path}: ${said}`);
    }
    return Promise.resolve();
  });
});
