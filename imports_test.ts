// Aim: the direction of the imports, and what core and the stacks may not touch, hold in every file.
// Method: scan all sources (tests exempt, they may use everything) and list each offence; the rules
// are then tried on small made-up trees with one offence of each kind, so that they can fail.
import { assert, assertEquals } from "@std/assert";
import { type Import, importsOf, isGlobal, type Token, tokenize } from "./cli/tasks/scan.ts";
import config from "./deno.json" with { type: "json" };

/** The sources of a project by path from its root, with slashes. */
type Sources = ReadonlyMap<string, string>;

interface Rule {
  /** What an offence says is allowed. */
  readonly allowed: string;
  /** Decides on a path from the root (`core/ring/ring.ts`) or on a package (`zod`). */
  accepts(target: string, taken: Import): boolean;
}

const SKIPPED_FOLDERS = /^(?:\..*|offline|report|counterexamples|coverage|node_modules)$/;
const SOURCE = /\.(?:ts|tsx|mts|js|mjs)$/;
/**
 * What no rule is for. In core only tests are: their helpers may take `@std` besides core. What reads real data or
 * drives real devices takes them from the machine, so it stands in neither core nor stacks.
 */
const EXEMPT = /_test\.ts$|^(?!core\/).*_for_tests\.ts$|^(?!core\/|stacks\/).*\.(?:real|live)\.ts$/;
const PACKAGE = "@planecheck/planecheck";
const TIMERS = ["setTimeout", "setInterval", "setImmediate", "clearTimeout", "clearInterval"];

function within(target: string, ...folders: string[]): boolean {
  return folders.some((folder) => target.startsWith(`${folder}/`));
}

function isStd(target: string): boolean {
  return /^(?:jsr:)?@std\//.test(target);
}

function stackOf(path: string): string {
  return path.split("/").slice(0, 2).join("/");
}

/** The rule for a file, or undefined where no file belongs. */
function ruleFor(path: string): Rule | undefined {
  const top = path.split("/")[0]!;
  if (path === "mod.ts") {
    return {
      allowed: "re-exports of the project's own folders",
      accepts: (t, taken) =>
        taken.reExport && within(t, "core", "stacks", "properties", "fixtures", "cli"),
    };
  }
  if (top === "core") {
    return path.endsWith("_for_tests.ts")
      ? { allowed: "core, @std", accepts: (t) => within(t, "core") || isStd(t) }
      : { allowed: "core", accepts: (t) => within(t, "core") };
  }
  if (top === "fixtures") {
    return {
      allowed: "core, fixtures, zod, node:zlib",
      accepts: (t) => within(t, "core", "fixtures") || t === "zod" || t === "node:zlib",
    };
  }
  if (path === "stacks/mod.ts") {
    return { allowed: "core, stacks", accepts: (t) => within(t, "core", "stacks") };
  }
  if (within(path, "stacks/external")) {
    return {
      allowed: "core, fixtures, stacks/external, node:child_process",
      accepts: (t) =>
        within(t, "core", "fixtures", "stacks/external") || t === "node:child_process",
    };
  }
  if (top === "stacks") {
    const own = stackOf(path);
    return {
      allowed: `core, ${own}`,
      accepts: (t) => within(t, "core") || t === own || within(t, own),
    };
  }
  if (within(path, "properties/reference")) {
    return {
      allowed: "properties/reference, and nothing but types from core, fixtures, properties",
      accepts: (t, { typeOnly }) =>
        within(t, "properties/reference") ||
        (typeOnly && within(t, "core", "fixtures", "properties")),
    };
  }
  if (top === "properties") {
    return {
      allowed: "core, fixtures, properties, fast-check, fflate",
      accepts: (t) =>
        within(t, "core", "fixtures", "properties") || t === "fast-check" || t === "fflate",
    };
  }
  if (top === "benches") {
    return {
      allowed: "everything but cli and @std",
      accepts: (t) => !within(t, "cli") && !isStd(t),
    };
  }
  if (top === "cli") return { allowed: "everything but @std", accepts: (t) => !isStd(t) };
  return undefined;
}

/** A relative specifier or an entry point of this package as a path from the root; else the package. */
function resolve(from: string, specifier: string): string {
  if (/^\.{0,2}\//.test(specifier)) {
    const base = new URL(from, "file:///project/");
    const path = decodeURI(new URL(specifier, base).pathname);
    return path.startsWith("/project/") ? path.slice("/project/".length) : path;
  }
  if (specifier === PACKAGE || specifier.startsWith(`${PACKAGE}/`)) {
    const entry = `.${specifier.slice(PACKAGE.length)}`;
    const exported = (config.exports as Record<string, string>)[entry];
    return exported === undefined ? specifier : exported.slice("./".length);
  }
  return /^(?:npm:|jsr:)?(@[^/]+\/[^/@]+|[^/@]+)/.exec(specifier)?.[1] ?? specifier;
}

function importOffences(path: string, imports: readonly Import[]): string[] {
  const rule = ruleFor(path);
  if (!rule) return [`${path}:1: no import rule knows this place; see ruleFor`];
  const offences: string[] = [];
  for (const one of imports) {
    const where = `${path}:${one.line}:`;
    if (one.specifier === null) {
      if (within(path, "cli", "benches")) continue;
      offences.push(`${where} imports a computed module; allowed: ${rule.allowed}`);
    } else if (!rule.accepts(resolve(path, one.specifier), one)) {
      offences.push(`${where} imports "${one.specifier}"; allowed: ${rule.allowed}`);
    }
  }
  return offences;
}

/** The globals that a file may not use. */
function bannedIn(path: string): Set<string> {
  if (within(path, "stacks/external", "cli", "benches") || !path.includes("/")) return new Set();
  const banned = ["Math.random", "crypto", "Date", "Temporal", "performance", ...TIMERS];
  if (within(path, "core", "stacks")) banned.push("Deno");
  return new Set(banned);
}

function globalOffences(path: string, tokens: Token[]): string[] {
  const banned = bannedIn(path);
  if (banned.size === 0) return [];
  const offences: string[] = [];
  tokens.forEach(({ text, line }, i) => {
    if (!isGlobal(tokens, i)) return;
    const next = tokens[i + 1]?.text;
    let name = text;
    if (text === "Math" && next === ".") name = `Math.${tokens[i + 2]?.text}`;
    // Any other use of these two could reach what is banned under a name not seen here.
    const hides = (text === "Math" || text === "globalThis") && next !== ".";
    if (banned.has(name) || hides) {
      offences.push(`${path}:${line}: uses ${name}; time and chance come through the environment`);
    }
  });
  return offences;
}

function sizeOffences(path: string, source: string): string[] {
  const limit = within(path, "core") ? 300 : within(path, "stacks") ? 200 : Infinity;
  const lines = source.split("\n").length - (source.endsWith("\n") ? 1 : 0);
  return lines <= limit ? [] : [`${path}:${limit + 1}: has ${lines} lines; allowed: ${limit}`];
}

function reExportOffences(path: string, tokens: Token[], imports: readonly Import[]): string[] {
  if (path !== "mod.ts") return [];
  const covered = (i: number) => imports.some((one) => one.from <= i && i < one.to);
  const other = tokens.find((token, i) => token.text !== ";" && !covered(i));
  return other ? [`${path}:${other.line}: has "${other.text}"; allowed: re-exports only`] : [];
}

/**
 * Every ring of core files that load each other. Types do not count: they are gone when modules load,
 * and two interfaces may well name each other.
 */
function circles(graph: ReadonlyMap<string, readonly { to: string; line: number }[]>): string[] {
  const offences: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string) => {
    path.push(file);
    for (const { to, line } of graph.get(file) ?? []) {
      const at = path.indexOf(to);
      if (at >= 0) {
        const ring = [...path.slice(at), to].join(" -> ");
        offences.push(`${file}:${line}: imports "${to}" in a circle: ${ring}; allowed: no circles`);
      } else if (!done.has(to)) visit(to);
    }
    path.pop();
    done.add(file);
  };
  for (const file of graph.keys()) if (!done.has(file)) visit(file);
  return offences;
}

function offencesIn(sources: Sources): string[] {
  const offences: string[] = [];
  const core = new Map<string, { to: string; line: number }[]>();
  for (const [path, source] of sources) {
    if (EXEMPT.test(path)) continue;
    const tokens = tokenize(source);
    const imports = importsOf(tokens);
    offences.push(
      ...importOffences(path, imports),
      ...globalOffences(path, tokens),
      ...sizeOffences(path, source),
      ...reExportOffences(path, tokens, imports),
    );
    if (!within(path, "core")) continue;
    const loads = imports.filter((one) => !one.typeOnly && one.specifier !== null);
    core.set(path, loads.map((one) => ({ to: resolve(path, one.specifier!), line: one.line })));
  }
  return [...offences, ...circles(core)];
}

async function readSources(folder: URL, prefix = ""): Promise<Map<string, string>> {
  const sources = new Map<string, string>();
  for await (const entry of Deno.readDir(folder)) {
    const path = prefix + entry.name;
    if (entry.isDirectory && !SKIPPED_FOLDERS.test(entry.name)) {
      const inner = await readSources(new URL(`${entry.name}/`, folder), `${path}/`);
      for (const [name, text] of inner) sources.set(name, text);
    } else if (entry.isFile && SOURCE.test(entry.name)) {
      sources.set(path, await Deno.readTextFile(new URL(entry.name, folder)));
    }
  }
  return new Map([...sources].sort(([a], [b]) => a < b ? -1 : 1));
}

Deno.test("imports point the allowed way in every file (HARN-4)", async () => {
  const sources = await readSources(new URL("./", import.meta.url));
  for (const needed of ["mod.ts", "core/mod.ts", "stacks/mod.ts", "cli/mod.ts"]) {
    assert(sources.has(needed), `${needed} was not scanned`);
  }
  const offences = offencesIn(sources);
  assert(offences.length === 0, `${offences.length} offences:\n${offences.join("\n")}`);
});

const long = (lines: number) => "//\n".repeat(lines);

const OFFENCES: [name: string, path: string, source: string, expected: string][] = [
  ["core to a stack", "core/a.ts", `\nimport { x } from "../stacks/x/mod.ts";`, ":2: imports"],
  [
    "core to a type of a stack",
    "core/a.ts",
    `import type { X } from "../stacks/x/mod.ts";`,
    "core",
  ],
  ["core to npm", "core/a.ts", `import { z } from "npm:zod@4.6.7";`, '"npm:zod@4.6.7"'],
  ["core to node", "core/a.ts", `import fs from "node:fs";`, '"node:fs"'],
  ["core to the whole", "core/a.ts", `export * from "../mod.ts";`, '"../mod.ts"'],
  ["core to an entry point", "core/a.ts", `import { x } from "${PACKAGE}/stacks";`, PACKAGE],
  ["core to a folder that starts alike", "core/a.ts", `import "../core2/b.ts";`, "../core2/b.ts"],
  ["core by import()", "core/a.ts", `await import("../cli/mod.ts");`, "../cli/mod.ts"],
  ["core computed", "core/a.ts", "await import(`./${x}.ts`);", "computed"],
  ["core with Deno", "core/a.ts", `Deno.readFileSync("x");`, "uses Deno"],
  ["core with a clock", "core/a.ts", `const t = new Date();`, "uses Date"],
  ["core with performance", "core/a.ts", `globalThis.performance.now();`, "uses performance"],
  ["core with a timer", "core/a.ts", `setTimeout(f, 1);`, "uses setTimeout"],
  ["core with chance", "core/a.ts", `const r = Math.random();`, "uses Math.random"],
  ["core with hidden chance", "core/a.ts", `const { random } = Math;`, "uses Math"],
  ["core with a hidden clock", "core/a.ts", `globalThis["Date"].now();`, "uses globalThis"],
  ["core too long", "core/a.ts", long(301), "has 301 lines; allowed: 300"],
  [
    "fixtures to fast-check",
    "fixtures/a.ts",
    `import fc from "fast-check";`,
    "core, fixtures, zod",
  ],
  ["fixtures with chance", "fixtures/a.ts", `Math.random();`, "uses Math.random"],
  ["a stack to another", "stacks/a/b.ts", `import "../c/d.ts";`, "allowed: core, stacks/a"],
  ["a stack to one that starts alike", "stacks/a/b.ts", `import "../ab/d.ts";`, "../ab/d.ts"],
  [
    "a helper of core's tests to properties",
    "core/a/_b_for_tests.ts",
    `import "../../properties/mod.ts";`,
    "properties",
  ],
  ["a stack to properties", "stacks/a/b.ts", `import "../../properties/mod.ts";`, "properties"],
  ["a stack with Deno", "stacks/a/b.ts", `Deno.env;`, "uses Deno"],
  ["a stack with real data", "stacks/a/b.real.ts", `Deno.env;`, "uses Deno"],
  ["a stack with chance", "stacks/a/b.ts", `Math.random();`, "uses Math.random"],
  ["a stack too long", "stacks/a/b.ts", long(201), "has 201 lines; allowed: 200"],
  ["properties to a stack", "properties/a.ts", `import "../stacks/mod.ts";`, "../stacks/mod.ts"],
  ["properties to zod", "properties/a.ts", `import { z } from "zod";`, "fast-check"],
  ["properties to @std", "properties/a.ts", `import "@std/assert";`, "@std/assert"],
  ["properties with a clock", "properties/a.ts", `Date.now();`, "uses Date"],
  [
    "reference to core",
    "properties/reference/a.ts",
    `import { x } from "../../core/a.ts";`,
    "types",
  ],
  [
    "reference to fast-check",
    "properties/reference/a.ts",
    `import type x from "fast-check";`,
    "types",
  ],
  ["benches to cli", "benches/a.ts", `import "../cli/mod.ts";`, "everything but cli"],
  [
    "cli to @std",
    "cli/a.ts",
    `import { assert } from "jsr:@std/assert@^1";`,
    "everything but @std",
  ],
  ["mod.ts to a package", "mod.ts", `export * from "zod";`, '"zod"'],
  ["mod.ts that imports", "mod.ts", `import { x } from "./core/mod.ts";`, "re-exports"],
  [
    "mod.ts with code",
    "mod.ts",
    `export * from "./core/mod.ts";\nexport const x = 1;`,
    "mod.ts:2:",
  ],
  ["a place without a rule", "lib/a.ts", ``, "no import rule"],
];

for (const [name, path, source, expected] of OFFENCES) {
  Deno.test(`imports refuse ${name}`, () => {
    const offences = offencesIn(new Map([[path, source]]));
    assertEquals(offences.length, 1, offences.join("\n"));
    assert(offences[0]!.startsWith(`${path}:`) && offences[0]!.includes(expected), offences[0]);
  });
}

Deno.test("imports refuse a circle in core and name all its files, but not one of types", () => {
  const ring = (last: string) =>
    new Map([
      ["core/a.ts", `import { b } from "./x/b.ts";`],
      ["core/x/b.ts", `export * from "./c.ts";`],
      ["core/x/c.ts", `\n${last}`],
    ]);
  assertEquals(offencesIn(ring(`import { a } from "../a.ts";`)), [
    'core/x/c.ts:2: imports "core/a.ts" in a circle: ' +
    "core/a.ts -> core/x/b.ts -> core/x/c.ts -> core/a.ts; allowed: no circles",
  ]);
  assertEquals(offencesIn(ring(`import type { a } from "../a.ts";`)), []);
  assertEquals(offencesIn(new Map([["core/a.ts", `import "./a.ts";`]])).length, 1);
});

Deno.test("imports accept what each folder is allowed", () => {
  const sources = new Map([
    ["mod.ts", `/** All. */\nexport * from "./core/mod.ts";\nexport { x } from "./stacks/mod.ts";`],
    ["core/a.ts", `import "./b.ts"; // Deno, Date.now() and "zod"\n${long(299)}`],
    ["core/a_test.ts", `import "@std/assert"; import "../cli/mod.ts"; Deno.env;\n${long(400)}`],
    ["core/c.ts", `export const date = report.Date + Math.max(1, 2);`],
    ["fixtures/a.ts", `import { z } from "zod"; import "../core/mod.ts"; import "./b.ts";`],
    ["stacks/mod.ts", `export * from "./a/mod.ts";`],
    ["stacks/a/b.ts", `import "../../core/mod.ts"; import "./c/d.ts";\n${long(199)}`],
    ["stacks/external/a.ts", `Deno.open("x"); setTimeout(f, 1);`],
    ["properties/a.ts", `import fc from "fast-check"; import "../fixtures/mod.ts"; Deno.test(f);`],
    ["properties/reference/a.ts", `import type { A } from "../../core/a.ts"; import "./b.ts";`],
    ["benches/a.ts", `import { run } from "mitata"; import "../stacks/mod.ts"; performance.now();`],
    ["cli/a.ts", `import "vega"; import "../benches/mod.ts"; await import(x); Date.now();`],
    ["cli/a.real.ts", `import "@std/assert";`],
  ]);
  assertEquals(offencesIn(sources), []);
});
