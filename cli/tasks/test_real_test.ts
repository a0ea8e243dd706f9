// Aim: the task refuses a wrong call in one line, finds its test files, and hands them the data.
// Method: the parts on made-up folders; then the task itself on a copy of its file in a made-up
// project, with one test that is green only where the data arrives.
import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { dataFolder, parseRequest, realTests } from "./test_real.ts";
import { importsOf, isGlobal, tokenize } from "./scan.ts";

async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function write(path: string, text: string): Promise<void> {
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  await Deno.writeTextFile(path, text);
}

Deno.test("parseRequest takes the folder and passes the rest on", () => {
  assertEquals(parseRequest(["--data", "a"]), { data: "a", rest: [] });
  assertEquals(parseRequest(["--filter", "x", "--data=a b"]), {
    data: "a b",
    rest: ["--filter", "x"],
  });
});

Deno.test("parseRequest refuses none, an empty and a second folder", () => {
  for (const args of [[], ["--data"], ["--data="], ["--data", "a", "--data", "b"]]) {
    assertThrows(() => parseRequest(args), RangeError, "needs one --data DIR");
  }
  assertThrows(() => parseRequest([], "test:live"), RangeError, "deno task test:live --data DIR");
});

Deno.test("dataFolder resolves against the caller's folder and refuses what cannot hold data", () =>
  withFolder(async (folder) => {
    await write(`${folder}/data/a.txt`, "a");
    await Deno.mkdir(`${folder}/empty`);
    assertEquals(await dataFolder("data", folder), `${folder}/data`);
    assertEquals(await dataFolder("../data", `${folder}/empty`), `${folder}/data`);
    assertEquals(await dataFolder(`${folder}/data`, "/"), `${folder}/data`);
    await assertRejects(() => dataFolder("gone", folder), RangeError, '"gone"');
    await assertRejects(() => dataFolder("empty", folder), RangeError, "it is empty");
    await assertRejects(() => dataFolder("data/a.txt", folder), RangeError, "Not a directory");
  }));

Deno.test("realTests lists *.real.ts only, at any depth, outside hidden folders", () =>
  withFolder(async (folder) => {
    const files = ["b/c/x.real.ts", "a.real.ts", "a_test.ts", ".h/y.real.ts", "a.real.json"];
    for (const file of files) await write(`${folder}/${file}`, "");
    assertEquals(await realTests(folder), ["a.real.ts", "b/c/x.real.ts"]);
  }));

Deno.test("test_real runs the files with the data and answers with their exit code", () =>
  withFolder(async (folder) => {
    const task = await Deno.readTextFile(new URL("./test_real.ts", import.meta.url));
    await write(`${folder}/cli/tasks/test_real.ts`, task);
    await write(`${folder}/data/answer.txt`, "42");
    const run = async (...args: string[]) => {
      const output = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-config", "--no-check", "cli/tasks/test_real.ts", ...args],
        cwd: folder,
        env: { INIT_CWD: folder, NO_COLOR: "1" },
      }).output();
      const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
      return { code: output.code, out: text(output.stdout), err: text(output.stderr) };
    };
    const none = await run("--data", "data");
    assertEquals([none.code, none.err.trim().split("\n").length], [2, 1], none.err);
    assertStringIncludes(none.err, "no *.real.ts file");

    const test = `Deno.test("answer", () => {
      const text = Deno.readTextFileSync(Deno.env.get("PLANECHECK_DATA") + "/answer.txt");
      if (text !== "42") throw new Error("got " + text);
    });`;
    await write(`${folder}/deep/answer.real.ts`, test);
    const green = await run("--data", "data", "--no-check");
    assertEquals(green.code, 0, green.err);
    assertStringIncludes(green.out, "1 passed");
    const filtered = await run("--data", "data", "--no-check", "--filter", "nobody");
    assertStringIncludes(filtered.out, "0 passed");

    await write(`${folder}/data/answer.txt`, "43");
    const red = await run("--data", "data", "--no-check");
    assert(red.code !== 0 && red.out.includes("got 43"), red.out);

    const gone = await run("--data", "gone");
    assertEquals([gone.code, gone.err.trim().split("\n").length], [2, 1], gone.err);
  }));

// Aim: the scanner of the import rules sees every way to name a module and is not misled by text
// that only looks like one. Method: snippets of one construct each, with the answer written out.

function seen(source: string): string[] {
  return importsOf(tokenize(source)).map(({ specifier, line, typeOnly, reExport }) =>
    `${line} ${typeOnly ? "type" : "value"}${reExport ? " export" : ""} ${specifier}`
  );
}

const SNIPPETS: [name: string, source: string, expected: string[]][] = [
  ["side effect", `import "a";`, ["1 value a"]],
  ["default", `import a from 'a'`, ["1 value a"]],
  ["namespace", `import * as a from "a";`, ["1 value a"]],
  ["default and names", `import a, { b, c as d } from "a";`, ["1 value a"]],
  ["many lines", `\n\nimport {\n  a,\n  b,\n} from "a";`, ["3 value a"]],
  ["without semicolons", `import a from "a"\nimport b from "b"`, ["1 value a", "2 value b"]],
  ["attributes", `import a from "./a.json" with { type: "json" };`, ["1 value ./a.json"]],
  ["type", `import type { A } from "a";`, ["1 type a"]],
  ["type default", `import type A from "a";`, ["1 type a"]],
  ["types inline", `import { type A, type B as C } from "a";`, ["1 type a"]],
  ["types mixed", `import { type A, b } from "a";`, ["1 value a"]],
  ["a default named type", `import type from "a";`, ["1 value a"]],
  ["a name named type", `import { type } from "a";`, ["1 value a"]],
  ["a name named type, renamed", `import { type as t } from "a";`, ["1 value a"]],
  ["empty braces", `import {} from "a";`, ["1 value a"]],
  ["export names", `export { a } from "a";`, ["1 value export a"]],
  ["export all", `export * from "a"; export * as b from "b";`, [
    "1 value export a",
    "1 value export b",
  ]],
  ["export types", `export type { A } from "a"; export type * from "b";`, [
    "1 type export a",
    "1 type export b",
  ]],
  ["export of own names", `export { a };\nconst from = "b";`, []],
  ["export of a declaration", `export type A = { from: "b" };\nexport const { x } = y;`, []],
  ["import()", `const a = await import("a");`, ["1 value a"]],
  ["import() with a template", "await import(`a`);", ["1 value a"]],
  ["import() computed", 'await import(`a/${b}`); import(c); import("d" + e);', [
    "1 value null",
    "1 value null",
    "1 value null",
  ]],
  ["import() inside a template", '`x ${`${await import("a")}`} import("b")`;', ["1 value a"]],
  ["a Worker's URL", `new Worker(new URL("./w.ts", import.meta.url));`, ["1 value ./w.ts"]],
  ["import.meta", `const here = import.meta.dirname;`, []],
  ["a member named import", `a.import("b"); a?.import("c");`, []],
  ["comments", `// import "a";\n/* import "b";\n */ import "c"; /** import("d") */`, ["3 value c"]],
  ["strings", `const a = 'import "b"'; const c = "\\"import('d')";`, []],
  ["template text", '`import "a"; ${1 + 1} import("b")`; import "c";', ["1 value c"]],
  ["regular expressions", `a = /["'\`]/; import "b"; c = d / e; import "f"; / 2; g = /[/"]/;`, [
    "1 value b",
    "1 value f",
  ]],
  ["a regular expression after a word", `return /"/; import "b"; return /"/;`, ["1 value b"]],
  ["code behind braces in a template", '`${{ a: {} } + await import("a")}`;', ["1 value a"]],
  ["braces in a template", '`${{ a: { b: 1 } }.a.b}`; import "c";', ["1 value c"]],
  ["unclosed text", `import "a"; const b = "import`, ["1 value a"]],
  ["an unclosed template", 'import "a"; `${b', ["1 value a"]],
];

for (const [name, source, expected] of SNIPPETS) {
  Deno.test(`importsOf reads ${name}`, () => assertEquals(seen(source), expected));
}

Deno.test("isGlobal tells a global from a member or a key of the same name", () => {
  const cases: [source: string, expected: boolean][] = [
    ["new Date()", true],
    ["const at: Date = x;", true],
    ["globalThis.Date", true],
    ["a ? Date : b", true],
    ["(Date: number) => 1", true],
    ["report.Date", false],
    ["report?.Date", false],
    ["({ Date: 1 })", false],
    ["interface A { b: 1; Date: 2 }", false],
    ['"Date" // Date', false],
  ];
  for (const [source, expected] of cases) {
    const tokens = tokenize(source);
    const at = tokens.findIndex((token) => token.kind === "id" && token.text === "Date");
    assertEquals(at >= 0 && isGlobal(tokens, at), expected, source);
  }
});
