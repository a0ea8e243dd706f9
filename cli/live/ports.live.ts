// Aim: a router that somebody else set up, between named interfaces, is judged by what is said of it: kept by one that
// does so, found out where it does otherwise, told of where nothing comes through; ARP is answered, what the router says
// to groups is nobody's packet, and interfaces with addresses are left alone. Method: a kernel in a namespace of its own.
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { checkConformance } from "../../properties/mod.ts";
import { closeLibc, openLibc } from "../../stacks/external/live/libc.ts";
import {
  addAddress,
  addVeth,
  seeCarrier,
  setMac,
  setUp,
} from "../../stacks/external/live/links.ts";
import { Netlink } from "../../stacks/external/live/netlink.ts";
import { Netns } from "../../stacks/external/live/netns.ts";
import { FenceLost, givenDevice } from "../../stacks/mod.ts";
import { readBench } from "../conform/bench_file.ts";
import { liveTest } from "./needs.ts";

const NEEDS = ["ip", "root"] as const;
const PORTS = 3;

/** What is told of the router. */
const BENCH = {
  ports: Array.from({ length: PORTS }, (_, p) => ({
    ...{ interface: `pcg${p}`, mac: `02:00:00:00:0d:0${p}`, address: `10.${p}.0.1` },
  })),
  nextHops: [
    ...Array.from({ length: PORTS }, (_, p) => ({
      ...{ port: p, mac: `02:00:00:00:00:a${p}`, address: `10.${p}.0.2` },
    })),
    ...Array.from({ length: PORTS }, (_, p) => ({ port: p, mac: `02:00:00:00:00:b${p}` })),
  ],
  routes: [
    ...["10.128.0.0/9 1", "172.16.0.0/12 0", "192.168.0.0/16 1,2", "10.66.0.0/16 blackhole"],
    ...["10.67.0.0/16 unreachable", "10.0.0.0/24 3", "10.1.0.0/24 4", "10.2.0.0/24 5"],
  ],
};
/** The same as an administrator sets it up. */
const SETUP = [
  "sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.default.send_redirects=0",
  ...[0, 1, 2].map((p) => `sysctl -qw net.ipv4.conf.d${p}.send_redirects=0`),
  "ip route add 10.128.0.0/9 via 10.1.0.2",
  "ip route add 172.16.0.0/12 via 10.0.0.2",
  "ip route add 192.168.0.0/16 nexthop via 10.1.0.2 nexthop via 10.2.0.2",
  "ip route add blackhole 10.66.0.0/16",
  "ip route add unreachable 10.67.0.0/16",
];

/** Calls `act` where the tester's interfaces are, with a router behind them that was set up by commands. */
function behind(commands: readonly string[], act: (bench: string) => void): void {
  const libc = openLibc();
  const [router, tester] = [Netns.create(), Netns.create()];
  const [near, far] = [tester, router].map((ns) => ns.within(() => new Netlink(libc)));
  const folder = Deno.makeTempDirSync();
  try {
    for (let p = 0; p < PORTS; p++) {
      const end = (name: string) => ({ index: 100 + p, name: `${name}${p}`, mtu: 1500 });
      addVeth(near!, end("pcg"), end("d"), router.fd);
      setMac(far!, 100 + p, Uint8Array.of(2, 0, 0, 0, 13, p));
      for (const link of [near!, far!]) setUp(link, 100 + p);
      for (const link of [near!, far!]) seeCarrier(link, 100 + p);
      addAddress(far!, 100 + p, 0x0a000001 + p * 65536, 24);
    }
    router.within(() => {
      for (const command of commands) {
        const { success, stderr } = new Deno.Command("sh", { args: ["-c", command] }).outputSync();
        assert(success, `${command}: ${new TextDecoder().decode(stderr)}`);
      }
    });
    const bench = `${folder}/bench.json`;
    Deno.writeTextFileSync(bench, JSON.stringify(BENCH));
    tester.within(() => act(bench));
  } finally {
    Deno.removeSync(folder, { recursive: true });
    for (const link of [near!, far!]) link.close();
    for (const ns of [router, tester]) ns.close();
    closeLibc();
  }
}

/** What is found of a router with some commands more. */
function found(...more: string[]): string[] {
  const sentences: string[] = [];
  behind([...SETUP, ...more], (bench) => {
    const device = givenDevice(readBench(bench));
    const { laws, harness } = checkConformance(device, { numRuns: 300 });
    device.close();
    assertEquals(harness, []);
    for (const { law, counterexample } of laws) {
      if (counterexample !== null) sentences.push(`${law.id}: ${counterexample.sentence}`);
    }
  });
  return sentences;
}

liveTest("a kernel that somebody set up keeps every law", NEEDS, () => {
  assertEquals(found(), []);
});

liveTest("a router that is set up otherwise than told is found out", NEEDS, () => {
  const cases: [command: string, finding: string][] = [
    ["sysctl -qw net.ipv4.conf.all.rp_filter=1", "LOSS-1a: packet 0 never came out"],
    ["ip route replace 10.128.0.0/9 via 10.2.0.2", "LPM-1: packet 0 to 10.128"],
    ["ip route replace blackhole 10.128.0.0/9", "LOSS-1a: packet 0 never came out"],
    ["ip link set d1 mtu 1000", "LOSS-1a: packet 0 never came out"],
    [
      "ip route del blackhole 10.66.0.0/16; ip route add 10.66.0.0/16 via 10.1.0.2",
      "LPM-1: packet ",
    ],
  ];
  for (const [command, finding] of cases) {
    const sentences = found(command);
    assert(sentences.some((one) => one.startsWith(finding)), `${command}: ${sentences.join("; ")}`);
  }
});

liveTest("a router through which nothing comes is told of before anything is judged", NEEDS, () => {
  behind([...SETUP, "sysctl -qw net.ipv4.ip_forward=0"], (bench) => {
    const error = assertThrows(() => givenDevice(readBench(bench)), FenceLost);
    assertStringIncludes((error as Error).message, "nothing that goes into port 0 comes out");
  });
});
