// Aim: the stand-ins are used where the registry of @std refuses or stays silent, and nowhere else.
// Method: offline/ copied to a made-up project, a registry on this machine that answers as told, and
// a cache of its own, so that what this machine has cached already cannot answer.
import { assert, assertEquals } from "@std/assert";

type Registry = (path: string) => Response | Promise<Response>;

const PACKAGES: Record<string, { version: string; entry: string; file: string }> = {
  assert: { version: "1.0.19", entry: ".", file: "/mod.ts" },
  testing: { version: "1.0.17", entry: "./bdd", file: "/bdd.ts" },
};
const SOURCE = "export {};\n";

async function sha256(text: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(hash).toHex();
}

// The three answers of the registry's protocol: the versions, the files of one version, a file.
async function answering(path: string): Promise<Response> {
  const [, name, rest] = /^\/@std\/(\w+)\/(.*)$/.exec(path) ?? [];
  const known = PACKAGES[name ?? ""];
  if (!known) return new Response(null, { status: 404 });
  if (rest === "meta.json") {
    return Response.json({ scope: "std", name, versions: { [known.version]: {} } });
  }
  if (rest === `${known.version}_meta.json`) {
    const checksum = `sha256-${await sha256(SOURCE)}`;
    return Response.json({
      manifest: { [known.file]: { size: SOURCE.length, checksum } },
      exports: { [known.entry]: `.${known.file}` },
    });
  }
  return new Response(SOURCE, { headers: { "content-type": "text/typescript" } });
}

async function namesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) names.push(name);
  return names.sort();
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to);
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyFolder(`${from}/${name}`, `${to}/${name}`);
    else await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}

/** Calls `run` with the folder of a project and a way to run std.ts in it; counts the questions. */
async function withProject(
  registry: Registry,
  run: (
    folder: string,
    std: (limitMs?: number) => Promise<void>,
    asked: () => number,
  ) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  let questions = 0;
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    questions++;
    return registry(new URL(request.url).pathname);
  });
  const std = async (limitMs = 10_000) => {
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-config", "--no-check", `${folder}/offline/std.ts`, `${limitMs}`],
      env: { JSR_URL: `http://127.0.0.1:${server.addr.port}/`, DENO_DIR: `${folder}/.cache` },
    }).output();
    assert(success, new TextDecoder().decode(stderr));
  };
  try {
    await copyFolder(`${import.meta.dirname}/../../offline`, `${folder}/offline`);
    await run(folder, std, () => questions);
  } finally {
    await server.shutdown();
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("std makes no stand-ins where the registry answers", () =>
  withProject(answering, async (folder, std, asked) => {
    await std();
    assert(asked() > 0, "the registry was not asked");
    assertEquals(await namesIn(folder), [".cache", "offline"]);
    const before = asked();
    await std();
    assertEquals(asked(), before, "what is cached was asked for again");
  }));

Deno.test("std puts the stand-ins in place where the registry refuses, and asks once", () =>
  withProject(() => new Response(null, { status: 403 }), async (folder, std, asked) => {
    await std();
    assertEquals(await namesIn(folder), [".cache", ".offline", "offline"]);
    assertEquals(await namesIn(`${folder}/.offline`), ["assert", "testing"]);
    for (const file of ["assert/mod.ts", "assert/deno.json", "testing/bdd.ts"]) {
      assertEquals(
        await Deno.readTextFile(`${folder}/.offline/${file}`),
        await Deno.readTextFile(`${folder}/offline/${file}`),
      );
    }
    const before = asked();
    await Deno.writeTextFile(`${folder}/offline/assert/mod.ts`, SOURCE);
    await std();
    assertEquals(asked(), before, "the decision was not kept");
    assertEquals(await Deno.readTextFile(`${folder}/.offline/assert/mod.ts`), SOURCE);
  }));

Deno.test("std gives up on a registry that stays silent", async () => {
  const late = Promise.withResolvers<void>();
  // Only a question without a limit is still there to hear the answer.
  const timer = setTimeout(late.resolve, 8000);
  await withProject((path) => late.promise.then(() => answering(path)), async (folder, std) => {
    await std(1000);
    clearTimeout(timer);
    late.resolve();
    assertEquals(await namesIn(folder), [".cache", ".offline", "offline"]);
  });
});
