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
