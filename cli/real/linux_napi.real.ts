// Aim: a full BGP table costs a forwarded packet a quarter more cycles than one route, and the ICMP errors of the
// kernel's path are right in the eyes of a packet analyser that knows nothing of this project.
// Method: the RIS table of 2026 in the kernel's trie, addresses drawn from it; a capture of what the router says,
// read by tshark where it is installed. Run by `deno task test:real`, which names the folder of real data in
// PLANECHECK_DATA.
import { assert, assertEquals } from "@std/assert";
import { LcTrie } from "../../core/fib/lc_trie.ts";
import { FATE, GENERATED } from "../../core/machine/observation.ts";
import { Testbed } from "../../core/machine/testbed.ts";
import { fillIpv4Checksum, setIpv4Dst, setIpv4Flags, setIpv4Src } from "../../core/packet/mod.ts";
import { Prng, writePcap } from "../../fixtures/mod.ts";
import { readPrefixList } from "../../fixtures/routes/prefix_list.ts";
import {
  type FramePlan,
  LINUX_TEST_PROFILE,
  ratePps,
  scenarioOf,
  steady,
} from "../../stacks/linux-napi/_scenario_for_tests.ts";
import { linuxNapi } from "../../stacks/linux-napi/mod.ts";

const folder = Deno.env.get("PLANECHECK_DATA");
if (folder === undefined) throw new Error("PLANECHECK_DATA must name the folder of real data");

const name = "ris-as3333-20260511.ipv4.txt.gz";
const { routes } = readPrefixList(name, Deno.readFileSync(`${folder}/tables/${name}`));

/** Packets a second of one core at twice its load, to addresses that `address` draws. */
function rate(fib: LcTrie, address: () => number): number {
  const plan = steady(4000, 2e12 / 1.74e6 / 2).map((frame): FramePlan => ({
    ...frame,
    change(bytes, at) {
      setIpv4Dst(bytes, at + 14, address());
      fillIpv4Checksum(bytes, at + 14);
    },
  }));
  const scenario = scenarioOf(plan);
  const o = new Testbed(linuxNapi(), LINUX_TEST_PROFILE, { fib }).run(scenario);
  const last = scenario.traffic.at[o.count - 1]!;
  for (let p = 0; p < o.count; p++) assert(o.fate[p] === FATE.emitted || o.occupancy[p]! > 0);
  return ratePps(o, last / 2, last);
}

Deno.test("linuxNapi with a full BGP table takes 20 to 30 % more cycles than with one route", () => {
  const random = new Prng(7);
  const full = new LcTrie();
  for (let i = 0; i < routes.count; i++) full.add(routes.prefix[i]!, routes.depth[i]!, 1);
  const one = new LcTrie();
  one.add(0x0a010000, 16, 1);
  one.add(0x0a000000, 16, 0);
  const few = rate(one, () => 0x0a010005);
  const many = rate(full, () => {
    const i = Math.floor(random.unit() * routes.count);
    return (routes.prefix[i]! + Math.floor(random.unit() * 2 ** (32 - routes.depth[i]!))) >>> 0;
  });
  const { leaves, tnodes, depthAverage } = full.stats();
  console.log(
    `${(few / 1e6).toFixed(3)} and ${(many / 1e6).toFixed(3)} Mpps, ${(few / many).toFixed(3)} ` +
      `times the cycles; ${leaves} leaves, ${tnodes} tnodes, depth ${depthAverage.toFixed(2)}`,
  );
  assert(few / many > 1.2 && few / many < 1.3, `${few / many}`);
});

/** What tshark prints of some fields of each packet, a line of tab-separated values each. */
async function tshark(pcap: Uint8Array, fields: readonly string[]): Promise<string[] | null> {
  const path = await Deno.makeTempFile({ suffix: ".pcap" });
  try {
    await Deno.writeFile(path, pcap);
    const checks = ["ip.check_checksum:TRUE"].flatMap((option) => ["-o", option]);
    const args = ["-r", path, ...checks, "-T", "fields", ...fields.flatMap((f) => ["-e", f])];
    const { code, stdout } = await new Deno.Command("tshark", { args, stderr: "null" }).output();
    assertEquals(code, 0);
    return new TextDecoder().decode(stdout).trimEnd().split("\n");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("linuxNapi's ICMP errors and ARP requests are read by tshark as they are meant", async (t) => {
  const from = (at: number, fields: Partial<FramePlan>, cutNot = false): FramePlan => ({
    ...{ at, port: 0, to: 1, ...fields },
    change(bytes, offset) {
      setIpv4Src(bytes, offset + 14, 0x0a000099);
      if (cutNot) setIpv4Flags(bytes, offset + 14, 2);
      fillIpv4Checksum(bytes, offset + 14);
    },
  });
  const scenario = scenarioOf([
    from(20e6, { ttl: 1 }),
    from(40e6, { to: 9 }),
    from(60e6, { size: 600 }, true),
    from(80e6, { size: 1000, ttl: 1 }),
  ]);
  const addresses = [0xc0000201, 0xc0000202];
  const sent = (options: Parameters<typeof linuxNapi>[0]): Uint8Array => {
    const o = new Testbed(linuxNapi(options), LINUX_TEST_PROFILE).run(scenario);
    const packets = Array.from({ length: o.outCount }, (_, i) => i)
      .filter((i) => o.outPacket[i] === GENERATED)
      .map((i) => ({
        timeNs: Math.round(o.outStart[i]! / 1000),
        bytes: o.outBytes.slice(o.outOffset[i]!, o.outOffset[i]! + o.outLength[i]!),
      }));
    return writePcap({ linkType: 1, packets });
  };
  const icmp = await tshark(sent({ addresses, mtu: 500 }), [
    ...["ip.checksum.status", "icmp.checksum.status", "icmp.type", "icmp.code", "icmp.mtu"],
    ...["ip.src", "ip.dst", "ip.dsfield", "ip.ttl", "_ws.malformed"],
  ]);
  if (icmp === null) {
    await t.step({ name: "tshark is not installed", ignore: true, fn: () => {} });
    return;
  }
  const line = (type: number, code: number, mtu: string, dst: string, ttl: number, inner = "1") =>
    [
      ...[`1,${inner}`, "1", type, code, mtu, "192.0.2.1,10.0.0.153", `10.0.0.153,${dst}`],
      ...["0xc0,0x00", `64,${ttl}`, ""],
    ].join("\t");
  assertEquals(
    icmp.map((one) => one.trimEnd()),
    [
      line(11, 0, "", "10.1.0.5", 1),
      line(3, 0, "", "10.9.0.5", 64),
      line(3, 4, "500", "10.1.0.5", 64),
      line(11, 0, "", "10.1.0.5", 1),
    ].map((one) => one.trimEnd()),
  );
  const arp = await tshark(sent({ addresses, neighbours: [0x0a000001, 0x0a010001] }), [
    ...["eth.dst", "arp.opcode", "arp.src.hw_mac", "arp.src.proto_ipv4", "arp.dst.proto_ipv4"],
  ]);
  const asked = (port: number) =>
    ["ff:ff:ff:ff:ff:ff", 1, `02:00:00:00:aa:0${port}`, `192.0.2.${port + 1}`, `10.${port}.0.1`]
      .join("\t");
  // first for the one who is to be told
  assertEquals(arp, [asked(0), asked(1)]);
});
