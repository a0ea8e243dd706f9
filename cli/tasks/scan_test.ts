// Aim: the scanner of the import rules sees every way to name a module and is not misled by text
// that only looks like one. Method: snippets of one construct each, with the answer written out.
import { assertEquals } from "@std/assert";
import { importsOf, isGlobal, tokenize } from "./scan.ts";

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
