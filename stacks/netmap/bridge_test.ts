// Aim: a bridge moves packets between ports of one region by their buffer indices alone, between regions by one copy;
// host rings keep the operating system reachable; a port that is closed gives everything back.
// Method: small runs, every buffer and every reply followed by hand.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { frame, macOf, type Offer, stream } from "../../core/machine/_scenario_for_tests.ts";
import { FlatOut } from "../../core/machine/flat_out.ts";
import { FATE } from "../../core/machine/observation.ts";
import { Testbed } from "../../core/machine/testbed.ts";
import {
  arpOperation,
  arpSenderIpv4,
  arpSenderMac,
  ICMP_ECHO_REPLY,
  icmpType,
  ipv4Dst,
  ipv4Src,
  setArpOperation,
  setArpSenderIpv4,
  setArpSenderMac,
  setArpTargetIpv4,
  setEtherType,
  verifyChecksum,
  writeArp,
  writeIcmpEchoFrame,
} from "../../core/packet/mod.ts";
import { REASON } from "../../core/policy.ts";
import type { Env } from "../../core/stack.ts";
import { frame as udp, rig, scenario, x520At } from "./_rig_for_tests.ts";
import { strayBuffer } from "./audit.ts";
import { Bridge } from "./bridge.ts";
import { NetmapError } from "./errors.ts";
import type { NetmapHost } from "./host.ts";
import { nmportInject } from "./inject.ts";
import { netmap } from "./mod.ts";
import { NS_MOREFRAG } from "./ring.ts";
import { Receiver } from "./pkt_gen.ts";

/** `bridge -i NAME -i NAME`. */
function bridge(host: NetmapHost, env: Env, a: string, b: string, zeroCopy = true): Bridge {
  const { costs, kernel } = host;
  return new Bridge(env, 0, costs, [kernel.open(a), kernel.open(b)], 1024, zeroCopy);
}

Deno.test("netmap 8.4: bridge moves packets by buffer indices, not one byte is copied", () => {
  const offers = [...stream(40, 1e5), ...stream(30, 1e5, () => ({ port: 1 }))];
  let made: Bridge | null = null;
  const boot: number[][] = [];
  const seen: number[] = [];
  const { o, host, testbed } = rig(
    { offers, geometry: { rxRing: 64, txRing: 64 } },
    (host, env) => {
      made = bridge(host, env, "netmap:eth0", "netmap:eth1");
      for (const { ring } of [host.queues[0]!.rx, host.queues[1]!.tx]) boot.push([...ring.bufIdx]);
      const tx = host.queues[1]!.tx;
      tx.monitors.push({
        saw: (_cpu, kring, from, to) => {
          for (let at = from; at !== to; at = kring.next(at)) seen.push(kring.ring.bufIdx[at]!);
        },
        dirty: false,
        publish: () => {},
      });
    },
  );
  assertEquals([o.emitted, made!.moved, made!.copied], [70, 70, 0]);
  assertEquals(testbed.machine.memory.copiedBytes, 0);
  // what left eth1 lay in the buffers that eth0 had received into, and eth0 has those of eth1 instead
  const [rx, tx] = boot as [number[], number[]];
  assertEquals(seen, rx.slice(0, 40));
  assertEquals([...host.queues[0]!.rx.ring.bufIdx].slice(0, 40), tx.slice(0, 40));
  assertEquals(strayBuffer(host.mem, host.ports.flatMap((p) => p.krings.map((k) => k.ring))), "");
  // told to copy it copies each packet once, and as long as it is
  const sizes = offers.map((_, i) => 60 + 40 * (i % 7));
  const copying = rig(
    { offers: offers.map((offer, i) => ({ ...offer, size: sizes[i]! })) },
    (host, env) => {
      made = bridge(host, env, "netmap:eth0", "netmap:eth1", false);
    },
  );
  assertEquals([copying.o.emitted, made!.copied], [70, 70]);
  assertEquals(copying.testbed.machine.memory.copiedBytes, sizes.reduce((a, b) => a + b));
  const lengths = Array.from({ length: 70 }, (_, i) => frame(copying.o, i).length);
  assertEquals(lengths.sort((a, b) => a - b), sizes.sort((a, b) => a - b));
});

Deno.test("netmap 8.4: between regions each packet is copied once", () => {
  let [made, rx]: [Bridge | null, Receiver | null] = [null, null];
  const { testbed } = rig(
    { offers: stream(25, 1e5), geometry: { lcores: 2, ports: 1 } },
    (host, env) => {
      made = bridge(host, env, "netmap:eth0", "netmap:x{1");
      rx = new Receiver(env, 1, host.costs, host.kernel.open("netmap:x}1"), 512);
    },
  );
  assertEquals([made!.moved, made!.copied, rx!.stats.pkts], [25, 25, 25]);
  assertEquals(testbed.machine.memory.copiedBytes, 25 * 60);
});

Deno.test("netmap: a bridge between regions keeps the slots of a packet together", () => {
  const sizes = [60, 512, 513, 1200, 100, 1500];
  const heard: number[] = [];
  rig({ geometry: { ports: 1, lcores: 2 }, settings: { bufSize: 512 } }, (host, env) => {
    const [from, to] = ["vale0:a", "vale1:d"].map((name) => host.kernel.open(name));
    bridge(host, env, "vale0:b", "vale1:c");
    let step = 0;
    env.spawn(1, "thread", (cpu) => {
      cpu.charge(1000);
      if (from!.unpublished) {
        from!.publish(cpu);
        return 1;
      }
      if (step < sizes.length) {
        nmportInject(from!, env.memory, udp(sizes[step]!));
        from!.txsync(cpu);
      } else if (step > sizes.length + 200) cpu.sleep();
      step++;
      to!.rxsync(cpu);
      const { ring } = to!.rx[0]!;
      let whole = 0;
      for (; ring.head !== ring.tail; ring.head = ring.cur = ring.next(ring.head)) {
        whole += ring.len[ring.head]!;
        if ((ring.flagsOf[ring.head]! & NS_MOREFRAG) !== 0) continue;
        heard.push(whole);
        whole = 0;
      }
      return 1;
    });
  });
  assertEquals(heard, sizes);
});

Deno.test("netmap: a bridge whose egress is full leaves packets in the receive ring, and the NIC loses", () => {
  // both to one port, at twice the rate of the line
  const offers = [0, 1].flatMap((port) => stream(2000, 67_200 / 2, () => ({ port, size: 60 })));
  const { o, host } = rig(
    { offers, geometry: { rxRing: 64, txRing: 64, ingress: 64 } },
    (host, env) => {
      const [a, b] = [host.kernel.open("netmap:eth0"), host.kernel.open("netmap:eth1")];
      new Bridge(env, 0, host.costs, [a, b], 1024);
    },
  );
  const missed = o.dropped[REASON["rx-missed"]]!;
  assert(missed > 500, `${missed} missed`);
  assertEquals(o.emitted + missed, 4000, "every packet left or was lost at the NIC");
  assertEquals(host.queues.map(({ tx, rx }) => tx.packets + rx.packets), [o.emitted, o.emitted]);
});

const ADDRESSES = [0x0a0000fe, 0x0a0100fe];
const ASKER = 0x0a000001;

/** A ping of an address of the host, and an ARP request for it. */
function ping(at: number, port = 0): Offer {
  return {
    port,
    at,
    size: 98,
    edit: (bytes) => {
      writeIcmpEchoFrame(bytes, 0, {
        dstMac: 0x020103040500 + port,
        srcMac: 0x02aabbccdd00,
        src: ASKER,
        dst: ADDRESSES[port]!,
        payload: 56,
        reply: false,
      });
    },
  };
}

function whoHas(at: number): Offer {
  return {
    port: 0,
    at,
    edit: (bytes) => {
      bytes.fill(0xff, 0, 6);
      setEtherType(bytes, 0, 0x0806);
      writeArp(bytes, 14);
      setArpOperation(bytes, 14, 1);
      setArpSenderMac(bytes, 14, 0x02aabbccdd00);
      setArpSenderIpv4(bytes, 14, ASKER);
      setArpTargetIpv4(bytes, 14, ADDRESSES[0]!);
    },
  };
}

/** Frame i as it left. */
function left(o: Testbed["machine"]["observation"], i: number): Uint8Array {
  return o.outBytes.subarray(o.outOffset[i]!, o.outOffset[i]! + o.outLength[i]!);
}

Deno.test("netmap 8.5: host rings let ping work while netmap owns the NIC; without them the host hears nothing", () => {
  const offers = [whoHas(1e6), ping(3e8), ping(6e8)];
  const settings = { addresses: ADDRESSES };
  const { o, host } = rig({ offers, settings }, (host, env) => {
    bridge(host, env, "netmap:eth0", "netmap:eth0^");
  });
  assertEquals([host.os!.arpReplies, host.os!.echoReplies, o.outCount], [1, 2, 3]);
  const arp = left(o, 0);
  assertEquals(
    [arpOperation(arp, 14), arpSenderIpv4(arp, 14), arpSenderMac(arp, 14)],
    [2, ADDRESSES[0]!, 0x020103040500],
  );
  const echo = left(o, 2);
  assertEquals([...echo.subarray(6, 12)], macOf(0, true));
  assertEquals([ipv4Src(echo, 14), ipv4Dst(echo, 14)], [ADDRESSES[0]!, ASKER]);
  assertEquals(icmpType(echo, 34), ICMP_ECHO_REPLY);
  assert(verifyChecksum(echo, 14, 20) && verifyChecksum(echo, 34, 64), "both checksums");
  assertEquals([...echo.subarray(42)], pingPayload());
  // nobody serves the host rings: the host hears nothing
  const deaf = rig({ offers, settings }, (host, env) => {
    new Receiver(env, 0, host.costs, host.kernel.open("netmap:eth0"), 512);
  });
  assertEquals([deaf.host.os!.received, deaf.o.outCount], [0, 0]);
});

function pingPayload(): number[] {
  const bytes = new Uint8Array(98);
  ping(0).edit!(bytes);
  return [...bytes.subarray(42)];
}

Deno.test("netmap: what the host sends while its receive ring is full is lost there", () => {
  const offers = stream(40, 2e5).map(({ at }) => ping(at));
  const { host, o } = rig({
    offers,
    settings: { addresses: ADDRESSES },
    geometry: { rxRing: 16, txRing: 16 },
  }, (host, env) => {
    // packets go up, nobody fetches the answers
    const [nic, os] = [host.kernel.open("netmap:eth0"), host.kernel.open("netmap:eth0^")];
    const up = new Bridge(env, 0, host.costs, [nic, os], 1024);
    host.ports[0]!.hostRx[0]!.sync = () => true;
    return up;
  });
  assertEquals([host.os!.echoReplies, host.hostRings[0]!.oqdrops], [40, 40 - 15]);
  assertEquals(o.outCount, 0);
});

Deno.test("netmap 8.17: the end of a process returns all buffers, and the NIC answers pings by itself again", () => {
  const offers = [
    ping(1e6),
    ...stream(200, 2e6, (i) => ({ port: i & 1 }), 2e6),
    ...[0, 1, 2].map((i) => ping(9e8 + i * 1e7)),
    ping(9.5e8, 1),
  ];
  const testbed = new Testbed(netmap({ addresses: ADDRESSES, exitAtUs: 600 }), x520At(3400));
  const o = testbed.run(scenario(offers, { rxRing: 64, txRing: 64 }));
  assertEquals(o.end, "quiet");
  // before: the router's business, which has no route for it; afterwards: the host's
  const fates = offers.map((_, i) => o.fate[i]);
  assertEquals(fates[0], FATE.emitted, "10.0.0.254 is routed to port 0");
  assertEquals(o.outCount, 201 + 4);
  const echoes = Array.from({ length: o.outCount }, (_, i) => left(o, i))
    .filter((bytes) => bytes[23] === 1 && icmpType(bytes, 34) === ICMP_ECHO_REPLY);
  assertEquals(echoes.length, 4);
  assertEquals(o.faults, []);
  for (const { id, broken } of o.findings) assertEquals([id, broken], [id, null]);
  assert(o.findings.some(({ id }) => id === "NETMAP-5"), "every buffer is accounted for");
  const free = testbed.report().filter(({ name }) => /PORT_INFO_GET eth0 nr_tx_rings/.test(name));
  assertEquals(free.map(({ value }) => value), [0], "the port has no rings any more");
});

Deno.test("netmap 8.17: packets under way when the process ends are lost with the port, none else", () => {
  const offers = stream(400, 4e5, (i) => ({ port: i & 1 }));
  const testbed = new Testbed(netmap({ exitAtUs: 60 }), x520At(3400));
  const o = testbed.run(scenario(offers, { rxRing: 64, txRing: 64, ingress: 8 }));
  assertEquals(o.faults, []);
  assert(o.emitted > 50 && o.emitted < 300, `${o.emitted} left`);
  assert(o.dropped[REASON.other]! > 0, "some lay in the rings");
  for (const { id, broken } of o.findings) assertEquals([id, broken], [id, null]);
});

Deno.test("netmap invariant 15: two processes may have different rings, not one of them exclusively and twice", () => {
  rig({ geometry: { lcores: 2 } }, ({ kernel, ports }) => {
    const one = kernel.open("netmap:eth0-0/x");
    kernel.open("netmap:eth0-1");
    const busy = (name: string) => {
      const error = assertThrows(() => kernel.open(name), NetmapError);
      assertEquals(error.errno, "EBUSY");
    };
    busy("netmap:eth0-0");
    busy("netmap:eth0");
    busy("netmap:eth0-1/x");
    one.close();
    one.close();
    kernel.open("netmap:eth0-0/x");
    assertEquals(ports[0]!.activeFds, 2);
    assertEquals(assertThrows(() => kernel.open("netmap:eth0-7"), NetmapError).errno, "EINVAL");
    assertEquals(assertThrows(() => kernel.open("netmap:eth9"), NetmapError).errno, "ENXIO");
    assertEquals(assertThrows(() => kernel.open("netmap:eth0^"), NetmapError).errno, "EINVAL");
    assertThrows(() => kernel.open("eth0"), TypeError, "no name of a netmap port");
    assertThrows(() => kernel.open("netmap:eth0/q"), TypeError, "no flag q");
  });
});

Deno.test("netmap flat out: the same loop on rings that never run dry forwards everything to where it is routed", () => {
  const { routes, neighbours, traffic } = scenario(stream(1, 0));
  const frame = new Uint8Array(64);
  frame.set(traffic.bytes.subarray(0, 60));
  const flat = new FlatOut(netmap({ itrUs: 0 }), {
    ports: 2,
    ring: 64,
    routes,
    neighbours,
    frames: [frame, frame],
  });
  // eth1 has 63 slots for what both receive; half a ring at least comes back with each poll
  const sent = flat.run(100);
  assert(sent > 500 && flat.dropped === 0, `${sent} sent`);
  assert(flat.run(100) > 500);
});
