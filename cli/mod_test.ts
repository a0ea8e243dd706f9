// Aim: every wrong command line or file ends with one telling line and exit code 2, and leaves nothing behind.
// Method: run command lines in this process and compare the whole of what they write.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { CLAIMS, InputError } from "../fixtures/mod.ts";
import { readInput } from "./files.ts";
import { STACK_NAMES } from "./stacks.ts";
import { FOUR_ROUTES, inFolder, listing, run } from "./_run_for_tests.ts";
import { fileURLToPath } from "node:url";

/** Asserts that a command line is refused with exactly this line. */
async function assertRefused(args: string[], line: string): Promise<void> {
  assertEquals(await run(...args), { code: 2, out: "", err: `planecheck: ${line}\n` });
}

Deno.test("main prints help of the whole and of each command", async () => {
  const whole = await run("--help");
  assertEquals([whole.code, whole.err], [0, ""]);
  for (const [name, argument] of [["start", ""], ["compare", ""], ["routes", " <file>"]] as const) {
    assert(whole.out.includes(name), whole.out);
    const one = await run(name, "--help");
    assertEquals([one.code, one.err], [0, ""]);
    assert(one.out.startsWith(`Usage: planecheck ${name} [options]${argument}\n`), one.out);
    assert(one.out.includes("Exit codes: 0 "), one.out);
  }
});

Deno.test("main compare --help lists every option and every stack", async () => {
  const { out } = await run("compare", "--help");
  const options = "stacks routes pcap traffic pattern rate seed count fidelity json report";
  for (const name of options.split(" ")) assert(out.includes(`--${name}`), `${name} in ${out}`);
  for (const name of ["linux-napi ", "dpdk ", "dpdk-faithful ", "p2pnic "]) {
    assert(out.includes(`\n  ${name}`), `${name} in ${out}`);
  }
  assert(out.split("\n").every((line) => line.length <= 100), out);
});

Deno.test("main --version prints the version", async () => {
  const { version } = JSON.parse(
    Deno.readTextFileSync(new URL("../deno.json", import.meta.url)),
  );
  assertEquals(await run("--version"), { code: 0, out: `${version}\n`, err: "" });
});

const IDS = `${CLAIMS[0]!.id} to ${CLAIMS.at(-1)!.id}`;
const COMMAND_LINES: [args: string, line: string][] = [
  [
    "",
    "expected a command, one of start, compare, conform, diff, forward, routes, rfc2544, pcie, replay, shrink, reproduce, exam; see planecheck --help",
  ],
  ["comparr", "unknown command 'comparr' (Did you mean compare?)"],
  ["compare --speed 3", "unknown option '--speed' (Did you mean --seed?)"],
  ["compare --stacks", "option '--stacks <names>' argument missing"],
  ["compare extra", "too many arguments for 'compare'. Expected 0 arguments but got 1: extra."],
  ["start --rate 3", "unknown option '--rate'"],
  ["routes", "missing required argument 'file'"],
  ["routes a b", "too many arguments for 'routes'. Expected 1 argument but got 2: a, b."],
  ["routes x --family 5", '--family: expected one of 4, 6, got "5"'],
  ["routes x --memory 0", '--memory: expected an integer of bytes in 1..2147483648, got "0"'],
  ["routes x --memory 4e6", '--memory: expected an integer of bytes in 1..2147483648, got "4e6"'],
  ["routes x --next-hops 65537", '--next-hops: expected an integer in 1..65536, got "65537"'],
  ["routes x --seed -1", '--seed: expected an integer in 0..4294967295, got "-1"'],
  ["reproduce x", "too many arguments for 'reproduce'. Expected 0 arguments but got 1: x."],
  [
    "reproduce --only D02,Z99",
    `--only: expected ids of claims (${IDS}) with commas between, got "Z99"`,
  ],
  ["reproduce --only=", `--only: expected ids of claims (${IDS}) with commas between, got ""`],
  ["reproduce --background bursts", '--background: expected one of poisson, cbr, got "bursts"'],
  ["reproduce --fidelity fine", '--fidelity: expected one of coarse, tlp, link, got "fine"'],
  ["routes x --report=", '--report: expected a path, got ""'],
];

for (const [args, line] of COMMAND_LINES) {
  Deno.test(`main refuses "planecheck ${args}"`, async () => {
    const given = args === "" ? [] : args.split(" ");
    const { code, out, err } = await run(...given);
    assertEquals([code, out], [2, ""]);
    assertEquals(err, `planecheck: ${line}\n`);
  });
}

const STACKS = STACK_NAMES.join(", ");
const SIZES = "64B, 128B, 256B, 512B, 1024B, 1280B, 1518B, imix";
const PATTERNS = "1in-1out, 2in-2out, 2in-2out-mix, 4in-4out, 4in-4out-mix";
const VALUES: [option: string, value: string, expected: string][] = [
  ["stacks", "dpdk,none", `all, or different names out of ${STACKS}, got "none"`],
  ["stacks", "dpdk,dpdk", `all, or different names out of ${STACKS}, got "dpdk"`],
  ["stacks", "", `all, or different names out of ${STACKS}, got ""`],
  ["traffic", "65B", `one of ${SIZES}, got "65B"`],
  ["pattern", "3in-3out", `one of ${PATTERNS}, got "3in-3out"`],
  ["rate", "0", 'a number of Gb/s above 0 and up to 40, got "0"'],
  ["rate", "40.1", 'a number of Gb/s above 0 and up to 40, got "40.1"'],
  ["rate", "NaN", 'a number of Gb/s above 0 and up to 40, got "NaN"'],
  ["rate", "Infinity", 'a number of Gb/s above 0 and up to 40, got "Infinity"'],
  ["rate", "1e1", 'a number of Gb/s above 0 and up to 40, got "1e1"'],
  ["seed", "-1", 'an integer in 0..4294967295, got "-1"'],
  ["seed", "4294967296", 'an integer in 0..4294967295, got "4294967296"'],
  ["count", "0", 'an integer in 1..1000000, got "0"'],
  ["count", "1000001", 'an integer in 1..1000000, got "1000001"'],
  ["count", "1.5", 'an integer in 1..1000000, got "1.5"'],
  ["fidelity", "fine", 'one of tlp, coarse, link, got "fine"'],
  ["report", "", 'a path, got ""'],
  ["routes", "", 'a path, got ""'],
];

for (const [option, value, expected] of VALUES) {
  Deno.test(`main refuses --${option} "${value}"`, async () => {
    await assertRefused(["compare", `--${option}=${value}`], `--${option}: expected ${expected}`);
  });
}

Deno.test("main refuses a rate at which the last packet comes after minutes", async () => {
  await assertRefused(
    ["compare", "--rate", "0.000000001", "--count", "5"],
    "--rate: expected the last of 5 packets within 100 s, got one after 4.91e+3 s at 1e-9 Gb/s",
  );
});

Deno.test("readInput lets the first bytes of a long file be refused before it is read", async () => {
  await inFolder((folder) => {
    const path = `${folder}/long`;
    Deno.writeFileSync(path, new Uint8Array(200_000));
    const seen: number[] = [];
    const refuse = (name: string, start: Uint8Array) => {
      seen.push(start.length);
      throw new InputError(name, "offset 0", "no such thing");
    };
    assertThrows(() => readInput(path, "anything", 1e6, refuse), InputError, "no such thing");
    assertEquals(seen, [65536]);
    assertEquals(readInput(path, "anything", 1e6).length, 200_000);
  });
});

Deno.test("main refuses options of generated traffic beside a capture", async () => {
  await assertRefused(
    ["compare", "--pcap", "x.pcap", "--pattern", "1in-1out"],
    "--pattern: expected only without --pcap: a capture brings its own",
  );
});

Deno.test("main refuses more bytes of frames than it holds", async () => {
  await assertRefused(
    ["compare", "--traffic", "1518B", "--count", "1000000"],
    "--count: expected at most 176834 packets of this size (268435456 bytes), got 1000000",
  );
});

Deno.test("main refuses files that cannot be read, by name and on one line", async () => {
  await inFolder(async (folder) => {
    const empty = `${folder}/empty`;
    Deno.writeTextFileSync(empty, "");
    const loop = `${folder}/loop`;
    Deno.symlinkSync(loop, loop);
    const kinds = [["--routes", "a prefix list"], ["--pcap", "a pcap or pcapng file"]] as const;
    for (const [option, expected] of kinds) {
      const files: [path: string, got: string][] = [
        [`${folder}/missing`, "no such file or directory"],
        [`${empty}/below`, "a path through something that is no directory"],
        [folder, "a directory"],
        ["/dev/zero", "no regular file"],
        [loop, "Too many levels of symbolic links"],
        [empty, "an empty file"],
      ];
      for (const [path, got] of files) {
        await assertRefused(["compare", option, path], `${path}: expected ${expected}, got ${got}`);
      }
    }
    await assertRefused(
      ["compare", "--routes", `${folder}/a\nb`],
      `${folder}/a\\u000ab: expected a prefix list, got no such file or directory`,
    );
  });
});

Deno.test("main refuses routes that are none, with the line", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/routes.txt`;
    Deno.writeTextFileSync(path, "10.0.0.0/8 0\n10.1.0.0/40 1\n");
    await assertRefused(
      ["compare", "--routes", path],
      `${path}: line 2: expected PREFIX/DEPTH [NEXTHOP], got "10.1.0.0/40 1"`,
    );
    Deno.writeFileSync(path, Uint8Array.from({ length: 999 }, (_, i) => (i * 167) & 255));
    const { code, err } = await run("compare", "--routes", path);
    assertEquals(code, 2);
    assert(err.startsWith(`planecheck: ${path}: line 1: expected PREFIX/DEPTH`), err);
    assertEquals(err.split("\n").length, 2, err);
  });
});

Deno.test("main refuses routes that do not reach the ports of the pattern", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/routes.txt`;
    Deno.writeTextFileSync(path, "10.0.0.0/8 0\n");
    await assertRefused(
      ["compare", "--routes", path],
      `${path}: expected routes to the ports of pattern 4in-4out (next hop N is on port N modulo ` +
        "4), got none that serves: Cannot send to port 2: no address leads there",
    );
  });
});

Deno.test("main refuses captures that are none, with the offset", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/x.pcap`;
    Deno.writeTextFileSync(path, "hello, world");
    await assertRefused(
      ["compare", "--pcap", path],
      `${path}: offset 0x0: expected the magic of a pcap or pcapng file, got 68 65 6c 6c`,
    );
  });
});

Deno.test("main reads no file that has no size, where reading may never end", async () => {
  if (Deno.build.os !== "linux") return;
  await assertRefused(
    ["compare", "--routes", "/proc/self/status"],
    "/proc/self/status: expected a prefix list, got an empty file",
  );
});

Deno.test("main counts short packets of a capture as they are padded", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/zeros.pcap`;
    const header = [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, ...new Array(12).fill(0), 1, 0, 0, 0];
    Deno.writeFileSync(path, new Uint8Array(header));
    // Zeros are records of empty packets; 4,473,924 of 60 bytes are the most that 2^28 bytes hold.
    Deno.truncateSync(path, 24 + 16 * 4_473_925);
    await assertRefused(
      ["compare", "--pcap", path],
      `${path}: expected at most 268435456 bytes of packets (of 60 at least), got 268435500`,
    );
  });
});

Deno.test("main refuses a place for the report before it computes, and leaves no trace", async () => {
  await inFolder(async (folder) => {
    const file = `${folder}/file`;
    Deno.writeTextFileSync(file, "mine");
    for (const place of [file, `${file}/report`]) {
      // The routes are not there either: what is said is about the report, so it was looked at first.
      const { code, err } = await run("compare", "--report", place, "--routes", `${folder}/none`);
      assertEquals(code, 2);
      assert(err.startsWith(`planecheck: ${place}: expected a folder`), err);
      assertEquals(err.split("\n").length, 2, err);
    }
    assertEquals(listing(folder), ["file"]);
    assertEquals(Deno.readTextFileSync(file), "mine");
  });
});

Deno.test("main leaves no report when an input is refused", async () => {
  await inFolder(async (folder) => {
    Deno.writeTextFileSync(`${folder}/routes`, FOUR_ROUTES + "x\n");
    const args = ["--routes", `${folder}/routes`, "--report", `${folder}/a/b`];
    assertEquals((await run("compare", ...args)).code, 2);
    assertEquals(listing(folder), ["routes"]);
  });
});

// Aim: the process itself ends in order when its output cannot be written or nobody reads it.
// Method: run it through a shell with such outputs, and compare its exit code and what it says.

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));

/** Runs a shell script in which `"$@"` is the command. */
async function shell(script: string, ...args: string[]): Promise<{ code: number; err: string }> {
  const command = [Deno.execPath(), "run", "-A", MAIN, ...args];
  const { code, stderr } = await new Deno.Command("sh", {
    args: ["-c", script, "sh", ...command],
    stdout: "null",
    stderr: "piped",
  }).output();
  return { code, err: new TextDecoder().decode(stderr) };
}

Deno.test("planecheck says in one line that standard output is full", async () => {
  if (Deno.build.os !== "linux") return;
  assertEquals(await shell('"$@" > /dev/full', "--help"), {
    code: 2,
    err: "planecheck: standard output: expected room for the text, got No space left on device\n",
  });
});

Deno.test("planecheck ends in silence when nobody reads on", async () => {
  if (Deno.build.os === "windows") return;
  // The reader has gone before the first byte is written; $? of the writer is passed on by a file.
  const folder = Deno.makeTempDirSync();
  try {
    const script = `{ sleep 0.2; "$@"; echo $? > ${folder}/code; } | exec true`;
    assertEquals(await shell(script, "--help"), { code: 0, err: "" });
    assertEquals(Deno.readTextFileSync(`${folder}/code`), "0\n");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
