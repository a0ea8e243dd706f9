// Aim: `planecheck forward` forwards real frames between interfaces as the reference router expects, byte for byte and
// in order, with each stack of poll loops and each kind of port, and leaves nothing behind. Method: the command as a
// process of its own in a namespace between two veth pairs; a window of frames is on the way at a time.
import { assert, assertEquals } from "@std/assert";
import type { Traffic } from "../../core/mod.ts";
import { closeLibc, openLibc } from "../../stacks/external/live/libc.ts";
import {
  addVeth,
  type LinkFacts,
  listLinks,
  seeCarrier,
  setUp,
} from "../../stacks/external/live/links.ts";
import { Netlink } from "../../stacks/external/live/netlink.ts";
import { Netns } from "../../stacks/external/live/netns.ts";
import { PacketPort } from "../../stacks/external/live/packet_port.ts";
import { expected, traffic } from "../forward/_traffic_for_tests.ts";
import { liveTest } from "./needs.ts";

const MAIN = new URL("../main.ts", import.meta.url).pathname;
/** Frames on the way at a time. */
const WINDOW = 64;
/** Milliseconds that a frame may take, on a machine that does other things besides. */
const PATIENCE_MS = 5000;

/** A namespace for the forwarder, one with the far ends of its two interfaces, and ports on those. */
async function bench(
  act: (ns: Netns, ports: PacketPort[], links: () => LinkFacts[]) => Promise<void>,
): Promise<void> {
  const libc = openLibc();
  const [inner, outer] = [Netns.create(), Netns.create()];
  for (const ns of [inner, outer]) ns.sysctl("net/ipv6/conf/default/disable_ipv6", 1);
  const [near, far] = [inner, outer].map((ns) => ns.within(() => new Netlink(libc)));
  const end = (index: number) => ({ index, name: `pcf${index}`, mtu: 1500 });
  for (const i of [10, 11]) addVeth(near!, end(i), end(i + 10), outer.fd);
  for (const i of [10, 11]) setUp(near!, i), setUp(far!, i + 10);
  for (const i of [10, 11]) seeCarrier(near!, i), seeCarrier(far!, i + 10);
  const ports = outer.within(() => [20, 21].map((i) => new PacketPort(i, `pcf${i}`)));
  try {
    await act(inner!, ports, () => listLinks(near!));
  } finally {
    for (const port of ports) port.close();
    for (const one of [near!, far!, inner!, outer!]) one.close();
    closeLibc();
  }
}

/** Frames to the forwarder's own addresses, as routers get them. */
function framesTo(links: readonly LinkFacts[], count: number): Traffic {
  const t = traffic(count);
  for (let i = 0; i < count; i++) {
    const { mac } = links.find(({ name }) => name === `pcf${10 + t.port[i]!}`)!;
    t.bytes.set(mac, t.offset[i]!);
  }
  return t;
}

function received(port: PacketPort): string | null {
  const at = port.receive();
  if (at < 0) return null;
  const text = port.bytes.subarray(at + 12, at + port.length).join();
  port.release();
  return text;
}

/** Sends all frames, a window at a time, and collects what comes out; gives up when nothing has come for long. */
function exchange(ports: PacketPort[], t: Traffic, expect: number): string[][] {
  const got: string[][] = [[], []];
  let sent = 0;
  let came = 0;
  let last = performance.now();
  // what is dropped leaves no trace outside, so the window is of frames sent beyond those that may still come
  while (came < expect && performance.now() - last < PATIENCE_MS) {
    while (sent < t.count && sent - came * (t.count / expect) < WINDOW) {
      const at = t.offset[sent]!;
      assert(ports[t.port[sent]!]!.transmit(t.bytes, at, t.length[sent]!));
      sent++;
    }
    for (const [i, port] of ports.entries()) {
      port.flush();
      for (let frame = received(port); frame !== null; frame = received(port)) {
        got[i]!.push(frame);
        came++;
        last = performance.now();
      }
    }
    ports[came & 1]!.wait(1);
  }
  return got;
}

const RUNS = [
  ...["dpdk", "vpp", "snabb", "odp", "pf-ring-zc"].map((stack) => [stack, ""] as const),
  ["dpdk", "xdp:"] as const,
  ["dpdk", "xdp-native:"] as const,
];
for (const [stack, kind] of RUNS) {
  liveTest(
    `forward --stack ${stack} on ${
      kind === "" ? "packet sockets" : kind === "xdp:" ? "AF_XDP" : "AF_XDP in the driver"
    } sends what is expected, byte for byte`,
    kind === "" ? ["ip", "namespaces"] : ["ip", "root"],
    async () => {
      await bench(async (ns, ports, links) => {
        const before = links();
        const args = ["run", "-A", "--no-check", MAIN, "forward", "--json", "--stack", stack];
        for (const i of [10, 11]) args.push("--port", `${kind}pcf${i}`);
        const child = ns.within(() =>
          new Deno.Command(Deno.execPath(), {
            args,
            ...{ stdin: "null", stdout: "piped", stderr: "piped" },
          }).spawn()
        );
        try {
          await opened(ports, child, framesTo(before, 1));
          const t = framesTo(before, 4000);
          const { frames, dropped } = expected(t);
          const sum = frames[0]!.length + frames[1]!.length;
          const got = exchange(ports, t, sum);
          child.kill("SIGINT");
          const { code, stdout, stderr } = await child.output();
          assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
          for (const i of [0, 1]) assertEquals(got[i], frames[i], `port ${i}`);
          const result = JSON.parse(new TextDecoder().decode(stdout));
          assertEquals(result.dropped, dropped);
          assertEquals(links(), before);
        } finally {
          try {
            child.kill("SIGKILL");
          } catch {
            // it has ended
          }
        }
      });
    },
  );
}

/** Waits until the forwarder has opened its ports: until a frame comes through. What more came is thrown away. */
async function opened(
  ports: PacketPort[],
  child: Deno.ChildProcess,
  probe: Traffic,
): Promise<void> {
  const port = ports[probe.port[0]!]!;
  const end = performance.now() + 20_000;
  let ended = false;
  child.status.then(() => ended = true);
  while (performance.now() < end && !ended) {
    port.transmit(probe.bytes, probe.offset[0]!, probe.length[0]!);
    port.flush();
    await new Promise((resolve) => setTimeout(resolve, 50));
    if (ports.some((port) => received(port) !== null)) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      for (const port of ports) while (received(port) !== null);
      return;
    }
  }
  throw new Error("the forwarder did not start");
}
