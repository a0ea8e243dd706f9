/**
 * `planecheck forward` beside a C program that does the same with the same calls, between two veth pairs.
 *
 *   deno task bench:live [--rounds N] [--seconds S] [--frames N] [--xdp 1]
 *
 * Three namespaces without names: source, forwarder, sink. Sources and sink are C programs of their own; they need
 * gcc, clang and libbpf. The source has one processor, forwarder and sink have the other: on veth the far end of a
 * pair runs on the sender's. A round of ours, a round of C, over and over: frames that left the forwarder, alone on
 * its processor, in the seconds that `flood.c` sent more than it could take. Then `blast.c` sends `--frames` of them at
 * 80 % of what ours does with the sink beside it, all of which have to arrive, once, in order and right. With
 * `--xdp 1` both are on AF_XDP.
 */
import { bgpLikeTable, generateTraffic, neighboursOnPorts } from "../../fixtures/mod.ts";
import { switchGroOn } from "../../stacks/external/live/gro.ts";
import { closeLibc, openLibc } from "../../stacks/external/live/libc.ts";
import { addVeth, setUp } from "../../stacks/external/live/links.ts";
import { Netlink } from "../../stacks/external/live/netlink.ts";
import { Netns } from "../../stacks/external/live/netns.ts";
import { type LiveOptions, parseLiveOptions, USAGE } from "./options.ts";

const ROUTES = 100_000;
const FRAMES = 65_536;
const FRAME_BYTES = 60;
const INDEX = 100;

const { rounds, seconds, frames: wanted, xdp } = options();
const kind = xdp === 1 ? "xdp:" : "";

const folder = await Deno.makeTempDir({ prefix: "planecheck-live-" });
const names = ["source", "forwarder", "sink"] as const;
const spaces = names.map(() => Netns.create());
try {
  await build();
  writeInputs();
  connect();
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    ours.push(await rate(ourCommand(seconds + 8)));
    theirs.push(await rate(cCommand(seconds + 8)));
    console.log(`round ${round + 1}: ours ${kpps(ours.at(-1)!)}, C ${kpps(theirs.at(-1)!)}`);
  }
  const ratios = ours.map((one, i) => one / theirs[i]!);
  console.log(
    `ours ${kpps(median(ours))}, C ${kpps(median(theirs))} (medians of ${rounds}), ratio ` +
      `${median(ratios).toFixed(3)} (${Math.min(...ratios).toFixed(3)}..${
        Math.max(...ratios).toFixed(3)
      }); ${ROUTES} routes, 64-byte frames`,
  );
  const limits: number[] = [];
  for (let i = 0; i < 3; i++) limits.push(await rate(ourCommand(seconds + 8), true));
  if (median(limits) === 0) throw new Error("Cannot go on: the forwarder did not start in time");
  await whole(0.8 * median(limits));
} finally {
  for (const space of spaces) space.close();
  await Deno.remove(folder, { recursive: true });
}

function options(): LiveOptions {
  if (Deno.args.includes("--help")) {
    console.log(USAGE);
    Deno.exit(0);
  }
  try {
    return parseLiveOptions(Deno.args);
  } catch (error) {
    console.error((error as Error).message);
    Deno.exit(2);
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

function kpps(rate: number): string {
  return `${Math.round(rate / 1000)} kpps`;
}

async function build(): Promise<void> {
  const bpf = ["-target", "bpf", `-I/usr/include/${Deno.build.arch}-linux-gnu`, "-c"];
  const programs = [
    ...["blast", "sink"].map((name) => [name, "gcc", "-O3", "-march=native"]),
    ["forward", "gcc", "-O3", "-march=native", ...xdp === 1 ? ["-DXSK", "-lbpf"] : []],
    ["flood", "gcc", "-O2", "-lbpf"],
    ["flood.bpf", "clang", "-O2", "-g", ...bpf],
  ];
  for (const [name, compiler, ...args] of programs) {
    const source = new URL(`./${name}.c`, import.meta.url).pathname;
    const all = ["-o", `${folder}/${name}`, source, ...args];
    const { code } = await new Deno.Command(compiler!, { args: all }).spawn().status;
    if (code !== 0) throw new Error(`Cannot build ${name}.c`);
  }
}

/** Routes as text for ours and as words for C, in order of depth; frames whose destinations they cover. */
function writeInputs(): void {
  const routes = bgpLikeTable({ routes: ROUTES, seed: 1, nextHops: 2 });
  // all lead to port 1, where the sink is
  routes.nextHop.fill(1);
  const order = Array.from({ length: routes.count }, (_, i) => i)
    .sort((a, b) => routes.depth[a]! - routes.depth[b]!);
  const words = new Uint32Array(3 * routes.count);
  const lines: string[] = [];
  order.forEach((i, at) => {
    const prefix = routes.prefix[i]!;
    words.set([prefix, routes.depth[i]!, 1], 3 * at);
    const dotted = [24, 16, 8, 0].map((shift) => prefix >>> shift & 255).join(".");
    lines.push(`${dotted}/${routes.depth[i]} 1`);
  });
  // and one to the port that frames come by
  lines.unshift("203.0.113.0/24 0");
  Deno.writeFileSync(`${folder}/routes.bin`, new Uint8Array(words.buffer));
  Deno.writeTextFileSync(`${folder}/routes.txt`, `${lines.join("\n")}\n`);
  const traffic = generateTraffic({
    routes,
    neighbours: neighboursOnPorts({ nextHops: 2, ports: 2 }),
    pattern: { name: "one", inputs: [{ port: 0, outputs: [1] }] },
    ...{ size: 64, rateGbps: 1, count: FRAMES, seed: 1, flows: 16384 },
  });
  const frames = new Uint8Array(FRAMES * FRAME_BYTES);
  for (let i = 0; i < FRAMES; i++) {
    const at = traffic.offset[i]!;
    frames.set(traffic.bytes.subarray(at, at + FRAME_BYTES), i * FRAME_BYTES);
    // the sequence number is written over the last bytes: there is no UDP checksum
    frames.fill(0, i * FRAME_BYTES + 40, i * FRAME_BYTES + 42);
  }
  Deno.writeFileSync(`${folder}/frames.bin`, frames);
}

/** source s0 - f0 forwarder f1 - k0 sink; the kernels of the namespaces keep still. */
function connect(): void {
  const libc = openLibc();
  const [source, forwarder, sink] = spaces as [Netns, Netns, Netns];
  for (const space of spaces) space.sysctl("net/ipv6/conf/default/disable_ipv6", 1);
  const links = spaces.map((space) => space.within(() => new Netlink(libc)));
  const ends = (near: string, far: string, index: number) =>
    [{ index: INDEX, name: near, mtu: 1500 }, { index, name: far, mtu: 1500 }] as const;
  addVeth(links[0]!, ...ends("s0", "f0", INDEX), forwarder.fd);
  addVeth(links[2]!, ...ends("k0", "f1", INDEX + 1), forwarder.fd);
  setUp(links[0]!, INDEX);
  setUp(links[1]!, INDEX);
  setUp(links[1]!, INDEX + 1);
  setUp(links[2]!, INDEX);
  for (const link of links) link.close();
  // what the source floods with comes as frames of XDP
  forwarder.within(() => switchGroOn(libc, "f0"));
  forwarder.sysctl("net/ipv4/ip_forward", 0);
  void source;
  void sink;
  closeLibc();
}

interface Command {
  readonly program: string;
  readonly args: readonly string[];
  /** Reads how many frames left from what it printed. */
  sent(out: string): number;
}

function ourCommand(s: number): Command {
  const root = new URL("../../", import.meta.url).pathname;
  const ports = ["--port", `${kind}f0`, "--port", `${kind}f1`, "--routes", `${folder}/routes.txt`];
  return {
    program: Deno.execPath(),
    args: [
      "run",
      "-A",
      "--no-check",
      `${root}cli/main.ts`,
      "forward",
      ...ports,
      "--seconds",
      `${s}`,
      "--json",
    ],
    sent: (out) => JSON.parse(out).ports[1].txFrames,
  };
}

function cCommand(s: number): Command {
  return {
    program: `${folder}/forward`,
    args: ["f0", "f1", `${folder}/routes.bin`, `${s}`],
    sent: (out) => Number(/^(\d+) \d+$/m.exec(out)![1]),
  };
}

/**
 * Starts a program in a namespace on a processor, with a scheduling group of its own that goes before all others. Not
 * with real-time priority: softirqs that were put off run in a thread that has none.
 */
function start(space: number, cpu: number, program: string, args: readonly string[]) {
  const shell = 'echo -20 > /proc/self/autogroup 2>/dev/null; exec taskset -c "$@"';
  const all = ["sh", "-c", shell, "sh", `${cpu}`, program, ...args];
  return spaces[space]!.within(() =>
    new Deno.Command("setsid", { args: all, stdout: "piped", stderr: "piped" }).spawn()
  );
}

async function text(child: Deno.ChildProcess): Promise<string> {
  const { code, stdout, stderr } = await child.output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (code !== 0) throw new Error(`A program ended with ${code}: ${err}`);
  return out!;
}

/** Waits until so many packet sockets are open in a namespace, and what has opened them is at work. */
async function opened(space: number, sockets: number): Promise<void> {
  const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms));
  const count = () =>
    // the thread's own: that of the process is in another namespace
    spaces[space]!.within(() => Deno.readTextFileSync("/proc/thread-self/net/packet"))
      .trimEnd().split("\n").length - 1;
  const isSeen = kind === "" || space !== 1;
  for (let ms = 0; isSeen && count() < sockets && ms < 20_000; ms += 100) await sleep(100);
  await sleep(isSeen ? 500 : 6000);
}

/** Frames a second through a forwarder that is offered more than it takes, alone on its processor or with the sink. */
async function rate(command: Command, withSink = false): Promise<number> {
  const forwarder = start(1, 1, command.program, command.args);
  await opened(1, 2);
  const sinkArgs = ["k0", `${seconds + 2}`, "1000000000"];
  const sink = withSink ? start(2, 1, `${folder}/sink`, sinkArgs) : null;
  if (sink !== null) await opened(2, 1);
  const flood = ["s0", `${folder}/frames.bin`, `${folder}/flood.bpf`, `${seconds}`];
  const said = (await text(start(0, 0, `${folder}/flood`, flood))).split(" ");
  const [offered, took] = said.map(Number);
  const came = sink === null ? null : arrived(await text(sink));
  const sent = command.sent(await text(forwarder));
  if (came !== null) console.log(`at the limit: ${sent} left, ${came}`);
  if (!(sent < 0.95 * offered!)) {
    throw new Error(
      `Cannot go on: the source is no faster than the forwarder (${sent} of ${offered})`,
    );
  }
  return sent / took!;
}

/** Sends so many frames at a rate; says what became of them. */
async function whole(perSecond: number): Promise<void> {
  const s = wanted / perSecond;
  const command = ourCommand(Math.ceil(s) + 9);
  const forwarder = start(1, 1, command.program, command.args);
  const sink = start(2, 1, `${folder}/sink`, ["k0", `${s + 8}`, `${wanted}`]);
  await opened(1, 2);
  await opened(2, 1);
  const rateArgs = [`${Math.floor(perSecond)}`, `${s + 2}`, `${wanted}`];
  const source = start(0, 0, `${folder}/blast`, ["s0", `${folder}/frames.bin`, ...rateArgs]);
  const sent = Number((await text(source)).split(" ")[0]);
  const came = arrived(await text(sink));
  const { ports } = JSON.parse(await text(forwarder));
  const missed = ports[0].rxMissed;
  console.log(
    `at ${kpps(perSecond)} (80 %): ${sent} sent, ${missed} missed by the forwarder, ${came}`,
  );
}

/** What the sink says. */
function arrived(out: string): string {
  const [came, twice, late, wrong, lost] = /^(\d+) (\d+) (\d+) (\d+) (\d+)/m.exec(out)!.slice(1);
  return `${came} came; ${twice} twice, ${late} out of order, ${wrong} wrong, ${lost} missed by the sink`;
}
