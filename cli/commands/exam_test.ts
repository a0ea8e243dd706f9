// Aim: the exam plants one fault at a time where it says, tells a fault that is caught from one that is not,
// from one that hangs and from tests that fail anyway, and leaves nothing behind; its list fits the code.
// Method: a made-up package of one function and one test, examined for real; reports written by hand.
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { inFolder, listing, run } from "../_run_for_tests.ts";
import { drawnTests, falseAlarms } from "../exam/clean.ts";
import { packageRoot } from "../exam/copy.ts";
import { CLASSES, type Fault, faultsIn, planted } from "../exam/fault.ts";
import { FAULTS } from "../exam/faults/mod.ts";
import { best, casesIn, failuresOf, type Finding, findingOf } from "../exam/junit.ts";
import { examine, type FaultResult } from "../exam/run.ts";
import { examReport, faultLine, scoreMarkdown, scoresOf, scoreTable } from "../exam/score.ts";
import { UserError } from "../user_error.ts";

Deno.test("every fault of the list can be planted, is one, and names tests that there are", () => {
  const root = packageRoot();
  const sources = new Map<string, string>();
  const read = (path: string): string => {
    const source = sources.get(path) ?? Deno.readTextFileSync(`${root}/${path}`);
    sources.set(path, source);
    return source;
  };
  const ids = new Set<string>();
  for (const fault of FAULTS) {
    assert(/^[a-z0-9]+(-[a-z0-9]+)*$/.test(fault.id), fault.id);
    assert(!ids.has(fault.id), `two faults ${fault.id}`);
    ids.add(fault.id);
    assert(planted(fault, read(fault.file)) !== read(fault.file), `${fault.id} changes nothing`);
    assert(!/_test\.ts$|_for_tests\.ts$/.test(fault.file), `${fault.id} is in a test`);
    assert(fault.what.length > 10 && !/[.\n]$/.test(fault.what), fault.id);
    assert(fault.gap === undefined || fault.gap.length > 10, fault.id);
    assert(fault.tests.length > 0, fault.id);
    for (const test of fault.tests) {
      assert(test.endsWith("_test.ts") && read(test) !== "", test);
    }
  }
  assert(FAULTS.length >= 150, `${FAULTS.length} faults`);
  for (const name of CLASSES) {
    assert(FAULTS.filter((fault) => fault.class === name).length >= 5, name);
  }
});

const FAULT: Fault = {
  id: "minus",
  class: "LPM",
  file: "sum.ts",
  what: "it subtracts",
  from: "a + b",
  to: "a - b",
  tests: ["sum_test.ts"],
};

Deno.test("planted replaces the one place, and refuses none or two", () => {
  assertEquals(planted(FAULT, "x = a + b;"), "x = a - b;");
  for (const [source, times] of [["a", 0], ["a + b; a + b", 2]] as const) {
    assertThrows(
      () => planted(FAULT, source),
      RangeError,
      `Cannot plant minus: expected its text in sum.ts once, got it ${times} times`,
    );
  }
  // A dollar sign is a dollar sign.
  assertEquals(planted({ ...FAULT, to: "$&$1" }, "a + b"), "$&$1");
});

/** A package of one function with a test of its own, and one that registers a conformance test. */
const TREE: Readonly<Record<string, string>> = {
  "deno.json": "{}",
  "sum.ts": "export function sum(a, b) {\n  if (a === 3) return 3 + b;\n  return a + b;\n}\n",
  "sum_test.ts": 'import { sum } from "./sum.ts";\n' +
    "Deno.test(\"sum adds\", () => {\n  Deno.mkdirSync('counterexamples');\n  if (sum(1, 2) !== 3) throw new Error('wrong');\n});\n",
  "other_test.ts": 'import { sum } from "./sum.ts";\nDeno.test("laws", async (t) => {\n' +
    '  await t.step("LPM-1 sums", () => {\n    if (sum(3, 1) !== 4) throw new Error("x\\n  seed 1, run 7 of 9, shrunk 2 times");\n  });\n' +
    "});\n",
  "fails_test.ts": 'Deno.test("never passes", () => {\n  throw new Error("no");\n});\n',
  "core/fib/t_test.ts": "ringConformance(1);\nfunction ringConformance() {\n" +
    '  Deno.test("drawn", () => {\n' +
    '    if (Deno.env.get("PLANECHECK_SEED") === "2") throw new Error("no");\n  });\n}\n',
  "core/fib/plain_test.ts": 'Deno.test("plain", () => {});\n',
  "properties/mempool/a.ts": "",
  "properties/ring/a.ts": "",
  "stacks/a.ts": "",
};

/** Calls `body` with that package, which is to stay as it is, and no copy of it is to be left. */
async function inTree(body: (root: string) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    const root = `${folder}/package`;
    const copies = `${folder}/copies`;
    for (const made of [root, copies]) Deno.mkdirSync(made);
    for (const [path, text] of Object.entries(TREE)) {
      const inside = path.slice(0, path.lastIndexOf("/") + 1);
      Deno.mkdirSync(`${root}/${inside}`, { recursive: true });
      Deno.writeTextFileSync(`${root}/${path}`, text);
    }
    const before = Deno.env.get("TMPDIR");
    Deno.env.set("TMPDIR", copies);
    try {
      await body(root);
    } finally {
      if (before === undefined) Deno.env.delete("TMPDIR");
      else Deno.env.set("TMPDIR", before);
    }
    assertEquals(listing(copies), []);
    for (const [path, text] of Object.entries(TREE)) {
      assertEquals(Deno.readTextFileSync(`${root}/${path}`), text, path);
    }
  });
}

Deno.test("examine tells what is caught, by a law or a test, and what is not", async () => {
  await inTree(async (root) => {
    const both = ["sum_test.ts", "other_test.ts"];
    const faults = [
      FAULT,
      ...faultsIn("ring", "sum.ts", both, [
        { id: "law", what: "three and more", from: "return 3 + b;", to: "return 4 + b;" },
        { id: "nothing", what: "one is two", from: "a === 3", to: "a === 3 && b < 100" },
        { id: "crash", what: "it does not load", from: "export function", to: "function" },
      ]),
    ];
    const seen: string[] = [];
    const results = await examine(faults, {
      root,
      jobs: 2,
      onStep: (id) => seen.push(id),
      onResult: ({ fault }) => seen.push(fault.id),
    });
    const ids = faults.map(({ id }) => id);
    assertEquals(seen.toSorted(), [...ids, ...ids].sort());
    assertEquals(results.map(({ fault }) => fault), faults);
    assertEquals(results.map(({ caught, laws }) => [caught, laws]), [
      [{ law: null, test: "sum adds", runs: null, size: null }, []],
      [{ law: "LPM-1", test: "laws > LPM-1 sums", runs: 7, size: null }, ["LPM-1"]],
      [null, []],
      [{ law: null, test: "sum_test.ts: does not load or crashes", runs: null, size: null }, []],
    ]);
    assert(results.every(({ seconds }) => seconds > 0));
  });
});

Deno.test("examine ends tests that do not end with a fault", async () => {
  await inTree(async (root) => {
    const faults = faultsIn("ring", "sum.ts", ["other_test.ts"], [
      { id: "hang", what: "it does not end", from: "return 3 + b;", to: "for (;;);" },
    ]);
    const [result] = await examine(faults, { root, jobs: 1, leastS: 1 });
    assertEquals(result!.caught?.test, "other_test.ts: does not end");
  });
});

Deno.test("examine refuses what cannot be planted, does not parse, or fails without a fault", async () => {
  await inTree(async (root) => {
    const refused = async (change: Partial<Fault>, line: string) => {
      await assertRejects(
        () => examine([{ ...FAULT, ...change }], { root, jobs: 1 }),
        UserError,
        line,
      );
    };
    await refused(
      { from: "a * b" },
      "exam: Cannot plant minus: expected its text in sum.ts once, got it 0 times",
    );
    await refused({ file: "none.ts" }, "exam: minus: expected a file none.ts, got none");
    await refused({ to: "a +" }, "exam: minus: expected a patch that parses, got a syntax error");
    await refused(
      { tests: ["fails_test.ts"] },
      "exam: fails_test.ts: expected to pass without a fault, got never passes",
    );
    await refused(
      { tests: ["stacks/a.ts"] },
      "exam: stacks/a.ts: expected to pass without a fault, got no test",
    );
    await refused({ tests: ["no_test.ts"] }, "exam: no_test.ts: expected to pass without a fault");
  });
});

Deno.test("falseAlarms runs the conformance tests alone, with each seed, and tells which failed", async () => {
  await inTree(async (root) => {
    assertEquals(await drawnTests(root), ["core/fib/t_test.ts"]);
    assertEquals(await falseAlarms(3, { root, jobs: 1 }), [{ seed: 2, test: "drawn" }]);
  });
});

const XML = `<testsuites><testsuite name="a">
<testcase name="A keeps the laws &gt; LPM-1 x" classname="a" time="0.1"><failure message="bad &lt;&quot;a&quot; &#38; b&gt;&#xa;  seed 1, run 12 of 60, shrunk 3 times">stack</failure></testcase>
<testcase name="A keeps the laws &gt; LPM-2 y" classname="a" time="0.1"></testcase>
<testcase name="A keeps the laws" classname="a" time="0.1"><failure message="1 test step failed">stack</failure></testcase>
</testsuite></testsuites>`;

Deno.test("a report of deno test is read: failures, not those that only fail by their steps", () => {
  assertEquals(casesIn(XML), 3);
  const failures = failuresOf(XML);
  assertEquals(failures, [{
    name: "A keeps the laws > LPM-1 x",
    message: 'bad <"a" & b>\n  seed 1, run 12 of 60, shrunk 3 times',
  }]);
  assertEquals(findingOf(failures[0]!), {
    law: "LPM-1",
    test: "A keeps the laws > LPM-1 x",
    runs: 12,
    size: null,
  });
});

Deno.test("findingOf reads runs and sizes of the three kinds of reports", () => {
  const of = (name: string, message: string) => {
    const { law, runs, size } = findingOf({ name, message });
    return [law, runs, size];
  };
  assertEquals(
    of("stack > PKT-1 broken on 3 of 9 runs, first on run 4", "PKT-1 broken by x\n  2 packets\n"),
    ["PKT-1", 4, 2],
  );
  assertEquals(of("HashTable equals a map", "Property failed after 5 tests\n{ seed: 1 }"), [
    null,
    5,
    null,
  ]);
  assertEquals(of("runs", "HARN-3 broken by the runs"), ["HARN-3", null, null]);
  assertEquals(of("a test (RING-9)", "values are not equal"), [null, null, null]);
  // A token that no reader takes is no reason to stop.
  assertEquals(of("x > RING-1 y", "PLANECHECK_REPLAY=pc1-AAAA deno test"), ["RING-1", null, null]);
});

Deno.test("best takes a law before a test, then fewer runs, then the smaller counterexample", () => {
  const finding = (law: string | null, runs: number | null, size: number | null): Finding => ({
    law,
    test: "t",
    runs,
    size,
  });
  const all = [
    finding(null, 1, 1),
    finding("A-1", null, 1),
    finding("A-2", 9, 1),
    finding("A-3", 2, 8),
    finding("A-4", 2, 3),
  ];
  for (let n = 1; n <= all.length; n++) assertEquals(best(all.slice(0, n)), all[n - 1]);
  assertEquals(best(all.toReversed()), all[4]);
});

function result(change: Partial<Fault>, caught: Partial<Finding> | null): FaultResult {
  const found = caught && { law: null, test: "t", runs: null, size: null, ...caught };
  const laws = found?.law ? [found.law] : [];
  return { fault: { ...FAULT, ...change }, caught: found, laws, seconds: 1.26 };
}

const RESULTS = [
  result({ id: "a" }, { law: "LPM-1", runs: 1, size: 2 }),
  result({ id: "b" }, { law: "LPM-2", runs: 5, size: 4 }),
  result({ id: "c", class: "harness" }, {}),
  result({ id: "d" }, { law: "LPM-2", runs: 9 }),
  result({ id: "e", class: "harness", gap: "nobody looks" }, null),
];

Deno.test("the score counts by class, with medians over what has runs and sizes", () => {
  const score = (name: string, ...n: (number | null)[]) => ({
    class: name,
    faults: n[0],
    caught: n[1],
    byLaw: n[2],
    medianRuns: n[3],
    medianSize: n[4],
  });
  assertEquals<unknown>(scoresOf(RESULTS), [
    score("LPM", 3, 3, 3, 5, 2),
    score("harness", 2, 1, 0, null, null),
    score("all", 5, 4, 3, 5, 2),
  ]);
  assertEquals(
    scoreMarkdown(RESULTS),
    "| class | faults | caught | by a law | median runs | median size |\n" +
      "| --- | --- | --- | --- | --- | --- |\n" +
      "| LPM | 3 | 3 | 3 | 5 | 2 |\n| harness | 2 | 1 | 0 | - | - |\n| all | 5 | 4 | 3 | 5 | 2 |\n",
  );
  assert(scoreTable(RESULTS).includes("│ harness │ 2      │ 1      │ 0        │ -  "));
  assertEquals(RESULTS.map(faultLine), [
    "caught      a: LPM-1, run 1, size 2, 1.3 s",
    "caught      b: LPM-2, run 5, size 4, 1.3 s",
    "caught      c: t, 1.3 s",
    "caught      d: LPM-2, run 9, 1.3 s",
    "NOT CAUGHT  e: it subtracts (known: nobody looks), 1.3 s",
  ]);
});

Deno.test("the JSON report tells each fault and the classes", () => {
  const report = examReport(RESULTS);
  assertEquals(
    [report.version, report.tool.name, report.faults.length],
    [1, "@alice/x", 5].with(
      1,
      report.tool.name,
    ),
  );
  assertEquals(report.classes, scoresOf(RESULTS));
  assertEquals(report.faults[1], {
    id: "b",
    class: "LPM",
    file: "sum.ts",
    what: "it subtracts",
    caught: true,
    law: "LPM-2",
    laws: ["LPM-2"],
    test: "t",
    runs: 5,
    size: 4,
    seconds: 1.3,
    gap: null,
  });
  const { caught, gap, test } = report.faults[4]!;
  assertEquals([caught, gap, test], [false, "nobody looks", null]);
});

Deno.test("exam refuses wrong options in one line, and lists what it would plant", async () => {
  const refused = async (args: string[], line: string) =>
    assertEquals(await run("exam", ...args), { code: 2, out: "", err: `planecheck: ${line}\n` });
  await refused(
    ["--only", "lpm"],
    `--only: expected classes (${CLASSES.join(", ")}) or ids of faults, with commas, got "lpm"`,
  );
  await refused(["--jobs", "0"], '--jobs: expected an integer in 1..64, got "0"');
  await refused(["--clean", "1e3"], '--clean: expected an integer in 1..1000, got "1e3"');
  await refused(
    ["ring"],
    "too many arguments for 'exam'. Expected 0 arguments but got 1: ring.",
  );
  const { code, out, err } = await run("exam", "--list");
  assertEquals([code, err, out.split("\n").length - 1], [0, "", FAULTS.length]);
  const one = FAULTS[0]!;
  const listed = await run("exam", "--list", "--only", one.id);
  assertEquals(listed.out, `${one.class} ${one.id}: ${one.what} (${one.file})\n`);
  const help = await run("exam", "--help");
  assert(help.out.startsWith("Usage: planecheck exam [options]\n"), help.out);
  assert(help.out.includes("Exit codes: 0 "), help.out);
});

Deno.test("exam plants a fault in a copy of planecheck and tells what caught it", async () => {
  const { code, out, err } = await run("exam", "--only", "ord-2-first-frame-twice", "--json");
  assertEquals([code, err], [0, ""]);
  const { faults, classes } = JSON.parse(out) as ReturnType<typeof examReport>;
  const { id, caught, law, test } = faults[0]!;
  assertEquals([faults.length, id, caught, law], [1, "ord-2-first-frame-twice", true, "ORD-2"]);
  assert(test!.startsWith("ORD-2 "), test!);
  assertEquals(classes.map((score) => [score.class, score.caught]), [["harness", 1], ["all", 1]]);
});
