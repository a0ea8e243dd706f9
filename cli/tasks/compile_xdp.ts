/**
 * Compiles the C programs of `stacks/xdp/programs/` and writes their objects as TypeScript beside them:
 * `deno run -A cli/tasks/compile_xdp.ts`. Needs clang, llvm-strip and llvm-objcopy, and the headers of
 * libbpf (Debian: clang, llvm, libbpf-dev).
 */

/** The sources. */
export const SOURCES = ["xdp_forward", "xdp_bench"] as const;

const FOLDER = new URL("../../stacks/xdp/programs/", import.meta.url).pathname;
/** BTF names the files of the lines that it holds: relative to their folder, so that an object is the same anywhere. */
const FLAGS = [
  ...["-O2", "-g", "-target", "bpf", "-mcpu=v3", "-Wall", "-Werror"],
  "-fdebug-compilation-dir=.",
];
const HEADERS = `/usr/include/${Deno.build.arch}-linux-gnu`;

/** The object of a source, or why it cannot be compiled here. */
export async function compile(source: string, out: string): Promise<Uint8Array | string> {
  const steps: [string, string[]][] = [
    ["clang", [...FLAGS, "-I", HEADERS, "-c", `${source}.c`, "-o", out]],
    ["llvm-strip", ["-g", out]],
    ["llvm-objcopy", ["--remove-section=.rel.BTF.ext", "--remove-section=.BTF.ext", out]],
  ];
  for (const [command, args] of steps) {
    try {
      const { success, stderr } = await new Deno.Command(command, { args, cwd: FOLDER }).output();
      if (!success) throw new Error(new TextDecoder().decode(stderr));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return `there is no ${command}`;
      throw error;
    }
  }
  return await Deno.readFile(out);
}

function moduleOf(source: string, bytes: Uint8Array): string {
  const lines = btoa(String.fromCharCode(...bytes)).match(/.{1,96}/g)!;
  return [
    `/** What clang makes of ${source}.c (cli/tasks/compile_xdp.ts), in base64. */`,
    `export const ${source.toUpperCase()}_OBJECT = \``,
    ...lines,
    "`;",
    "",
  ].join("\n");
}

if (import.meta.main) {
  for (const source of SOURCES) {
    const out = await Deno.makeTempFile();
    const bytes = await compile(source, out);
    await Deno.remove(out);
    if (typeof bytes === "string") throw new Error(`Cannot compile ${source}.c: ${bytes}`);
    await Deno.writeTextFile(`${FOLDER}${source}.ts`, moduleOf(source, bytes));
  }
}
