// Aim: whatever ends the tool, nothing of what it put up is left; it asks for no more than it names, and touches no
// interface of its surroundings. Method: the tool as a process, ended in every way, beside what the system shows.
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { linksHere } from "../../stacks/external/live/given.ts";
import { kernelDevice, SystemCallError } from "../../stacks/external/live/mod.ts";
import { sweepScratch } from "../../stacks/external/live/scratch.ts";
import { liveTest } from "./needs.ts";

const MAIN = new URL("../main.ts", import.meta.url).pathname;
const NEEDS = ["ip", "root"] as const;

/** Starts `planecheck conform` on a device, for longer than the test takes. */
function start(device: string): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", MAIN, "conform", "--device", device, "--runs", "1000000"],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let look = 0; look < 200; look++) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`expected within 10 s: ${what}`);
}

/** Network namespaces that processes or their open files hold, beside this process's own. */
function namespaces(): number {
  const { stdout } = new Deno.Command("sh", {
    args: [
      "-c",
      "ls -l /proc/[0-9]*/ns/net /proc/[0-9]*/fd/* 2>/dev/null | grep -o 'net:.*' | sort -u",
    ],
  }).outputSync();
  return new TextDecoder().decode(stdout).trim().split("\n").length;
}

/** Daemons that a process started and that are still there: their folder bears its number. */
function daemonsOf(pid: number): { readonly pid: number; readonly program: string }[] {
  const found = [];
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    let words: string[];
    try {
      words = Deno.readTextFileSync(`/proc/${name}/cmdline`).split("\0");
    } catch {
      continue; // it has just ended
    }
    const program = words[0]!.split("/").at(-1)!;
    const isDaemon = program === "ovs-vswitchd" || program === "ovsdb-server";
    if (isDaemon && words.some((word) => word.includes(`planecheck-live-${pid}-`))) {
      found.push({ pid: Number(name), program });
    }
  }
  return found;
}

function folders(pid: number): string[] {
  return [...Deno.readDirSync("/tmp")].map(({ name }) => name)
    .filter((name) => name.startsWith(`planecheck-live-${pid}-`));
}

for (const signal of ["SIGINT", "SIGTERM", "SIGKILL"] as const) {
  liveTest(`nothing of a bench is left after ${signal}`, NEEDS, async () => {
    const links = linksHere();
    const before = namespaces();
    const child = start("kernel");
    await until("two namespaces more", () => namespaces() >= before + 2);
    child.kill(signal);
    await child.status;
    await until("no namespace more", () => namespaces() === before);
    assertEquals(linksHere(), links);
  });

  liveTest(`nothing of Open vSwitch is left after ${signal}`, [...NEEDS, "ovs"], async () => {
    const child = start("ovs");
    await until("two processes of Open vSwitch", () => daemonsOf(child.pid).length === 2);
    child.kill(signal);
    await child.status;
    await until("none of its processes", () => daemonsOf(child.pid).length === 0);
    // its folder goes with the next start
    sweepScratch();
    assertEquals(folders(child.pid), []);
  });
}

liveTest(
  "a device that crashes is told of, and nothing of it is left",
  [...NEEDS, "ovs"],
  async () => {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", MAIN, "conform", "--device", "ovs", "--runs", "1000"],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const isThere = () => daemonsOf(child.pid).find(({ program }) => program === "ovs-vswitchd");
    await until("ovs-vswitchd", () => isThere() !== undefined);
    Deno.kill(isThere()!.pid, "SIGKILL");
    const { code, stdout, stderr } = await child.output();
    const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    assert(code === 1 || code === 2, `${code}: ${said}`);
    assert(/RUN-1 broken by ovs: it threw|Cannot (?:run|start) /.test(said), said);
    await until("none of its processes", () => daemonsOf(child.pid).length === 0);
    assertEquals(folders(child.pid), []);
  },
);

liveTest(
  "nothing of a bench is left when the kernel refuses what it is to be set to",
  ["root"],
  () => {
    const before = namespaces();
    const error = assertThrows(
      () => kernelDevice({ settings: { mtu: [1500, 5] } }),
      SystemCallError,
    );
    assertStringIncludes(error.message, "set the MTU of interface");
    assertEquals(namespaces(), before);
  },
);

liveTest(
  "without permission it says which it needs, and with those of a user namespace it works",
  NEEDS,
  () => {
    const command = (kept: string, prefix: string[]) => {
      const args = [
        "run",
        "-A",
        "--no-check",
        MAIN,
        "conform",
        "--device",
        "kernel",
        "--runs",
        "20",
      ];
      const cache = Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`;
      return new Deno.Command("setpriv", {
        args: [
          ...[`--bounding-set=-all${kept}`, "--inh-caps=-all", "--clear-groups"],
          ...[...prefix, Deno.execPath(), ...args],
        ],
        env: { DENO_DIR: cache, NO_COLOR: "1" },
        stdin: "null",
      }).outputSync();
    };
    const none = command("", []);
    assertEquals(none.code, 2, new TextDecoder().decode(none.stdout));
    assertStringIncludes(
      new TextDecoder().decode(none.stderr),
      "--device kernel: Cannot make a network namespace (it needs CAP_SYS_ADMIN: be root, or start " +
        "it under `unshare -Urn`): Operation not permitted",
    );
    // what root needs to be root in a namespace of its own, and other users do not
    const own = command(",+setfcap", ["unshare", "-Urn"]);
    assertEquals(own.code, 0, new TextDecoder().decode(own.stderr));
  },
);
