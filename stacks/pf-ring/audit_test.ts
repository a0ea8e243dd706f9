// Aim: each invariant's checker says what is wrong when something is. Method: one broken step for each, made by hand
// beside a part that is right; the sentence is what a reader would get.
import { assertEquals } from "@std/assert";
import { Mempool } from "../../core/memory/mempool.ts";
import { Memory } from "../../core/memory/memory.ts";
import { type UdpFrameOptions, writeUdpFrame } from "../../core/packet/mod.ts";
import type { Env } from "../../core/stack.ts";
import { RingChecker, SlotAudit } from "./audit.ts";
import { ClusterWatch } from "./cluster_watch.ts";
import { ParsedPkt } from "./parse_pkt.ts";
import { SHORT_HEADER_BYTES } from "./pkthdr.ts";
import { RingMemories } from "./ring_memories.ts";
import { SlotRing } from "./slot_ring.ts";
import type { PfRingSocket } from "./socket.ts";
import { auditZc } from "./zc_audit.ts";
import { ZcCluster } from "./zc_cluster.ts";
import { QueueWatch } from "./zc_queue_watch.ts";

function watched() {
  const ring = new SlotRing(2, 128, SHORT_HEADER_BYTES, false, new RingMemories());
  const socket = { setup: { name: "eth0", bucketLen: 128, locked: false }, ring } as PfRingSocket;
  const audit = new SlotAudit();
  audit.watch(socket);
  const memory = new Memory(1);
  memory.length[0] = 100;
  const hdr = { timestampNs: 50, caplen: 100, len: 100, rxDirection: true, ifIndex: 0, pktHash: 0 };
  const insert = (more = {}, nowPs = 0) =>
    ring.insert(memory, 0, { ...hdr, ...more }, new ParsedPkt(), nowPs, () => -1);
  const broken = () =>
    audit.findings().flatMap(({ id, broken }) => broken === null ? [] : [`${id}: ${broken}`]);
  return { ring, memory, insert, broken };
}

Deno.test("SlotAudit is silent about a ring that is right", () => {
  const { ring, insert, broken } = watched();
  for (let i = 0; i < 100; i++) {
    insert({ timestampNs: i }, i);
    if (i % 3 > 0 && ring.queued > 0) ring.remove(i);
  }
  assertEquals(broken(), []);
});

Deno.test("PFRING-1 names the counters that do not add up", () => {
  const { ring, insert, broken } = watched();
  insert();
  ring.info.kernel.totLost++;
  assertEquals(broken(), [
    "PFRING-1: ring eth0 counted Tot Packets 1, Insert 1, Lost 1, Read 0, expected 1 inserted, 0 lost, 0 read and " +
    "1 in the ring",
  ]);
});

Deno.test("PFRING-2 names a slot that is written over, lost its magic, or read out of turn", () => {
  const over = watched();
  over.insert();
  over.ring.info.kernel.insertOff = 8;
  over.insert();
  assertEquals(over.broken(), ["PFRING-2: ring eth0 wrote 8..160 over the unread slot 0..152"]);
  const magic = watched();
  magic.insert();
  magic.ring.bytes[SHORT_HEADER_BYTES + 100] = 0;
  magic.ring.remove(0);
  assertEquals(magic.broken(), [
    "PFRING-2: ring eth0 read the slot at 0, which does not end in 0x88 0x88",
  ]);
  const turn = watched();
  turn.insert();
  turn.insert();
  turn.ring.info.user.removeOff = 152;
  turn.ring.remove(0);
  assertEquals(turn.broken()[1], "PFRING-2: ring eth0 read 152..304, expected 0..152");
});

Deno.test("PFRING-3 names wrong lengths, other bytes and times that go back", () => {
  const lengths = watched();
  lengths.insert({ len: 99 });
  assertEquals(lengths.broken(), ["PFRING-3: ring eth0 said 100 of 99 bytes, expected 100 of 100"]);
  const times = watched();
  times.insert();
  times.insert({ timestampNs: 49 });
  assertEquals(times.broken(), ["PFRING-3: ring eth0 has a packet of 49 ns behind one of 50 ns"]);
  const { ring, memory, broken } = watched();
  const checker = new RingChecker({
    ...{ setup: { name: "eth1", bucketLen: 128, locked: false }, ring },
  } as PfRingSocket);
  const hdr = { timestampNs: 1, caplen: 100, len: 100, rxDirection: true, ifIndex: 0, pktHash: 0 };
  memory.bytes[memory.offset[0]! + 7] = 1;
  checker.inserted(memory, 0, hdr, { off: 0, bytes: 152 }, 0);
  assertEquals(
    checker.broken.get("PFRING-3"),
    "ring eth1 captured another byte 7 than the frame has",
  );
  assertEquals(broken(), []);
});

Deno.test("PFRING-6 and -7 name a packet for nobody, and a flow or a fragment that changes its socket", () => {
  const [a, b] = ["a", "b"].map((name) => ({ setup: { name } }) as PfRingSocket);
  const memory = new Memory(1);
  const give = (
    watch: ClusterWatch,
    flow: Partial<UdpFrameOptions>,
    to: PfRingSocket[],
    offset = 0,
  ) => {
    const at = memory.offset[0]!;
    memory.length[0] = writeUdpFrame(memory.bytes, at, {
      ...{ dstMac: 1, srcMac: 2, src: 1, dst: 2, srcPort: 5, dstPort: 6 },
      ...flow,
    });
    memory.bytes[at + 21] = offset;
    watch.shared(memory, 0, to, [a!, b!]);
  };
  const alone = new ClusterWatch("1", "per_flow");
  give(alone, {}, [a!]);
  give(alone, { src: 2, dst: 1, srcPort: 6, dstPort: 5 }, [a!]);
  assertEquals([...alone.broken.values(), alone.again], [1]);
  give(alone, { src: 2, dst: 1, srcPort: 6, dstPort: 5 }, [b!]);
  assertEquals(
    alone.broken.get("PFRING-7"),
    "cluster 1 gave flow 0,0,0,1:0,5 - 0,0,0,2:0,6 to b, expected a as before",
  );
  const two = new ClusterWatch("2", "round_robin");
  give(two, {}, [a!, b!]);
  assertEquals(
    two.broken.get("PFRING-6"),
    "cluster 2 gave a packet to 2 sockets, expected one of its own",
  );
  const parts = new ClusterWatch("3", "per_flow");
  give(parts, { id: 9, flags: 1 }, [a!]);
  give(parts, { id: 9 }, [b!], 3);
  assertEquals(
    parts.broken.get("PFRING-7"),
    "cluster 3 gave fragments of 0,0,0,1 > 0,0,0,2 17 9 to b, expected a as before",
  );
});

Deno.test("PFRING-4 names a loss though there was room", () => {
  const { ring, insert, broken } = watched();
  insert();
  ring.watch!.lost(0);
  ring.info.kernel.totPkts++;
  ring.info.kernel.totLost++;
  const free = ring.bytes.length - 152;
  assertEquals(broken(), [
    `PFRING-4: ring eth0 lost a packet with ${free} bytes free and slots of 184 at most`,
  ]);
});

function cluster() {
  const memory = new Memory(8);
  const pool = new Mempool(memory, memory.region("mempool", 0, 8), [-1], 0);
  const env = { configure: () => {}, pool, memory } as unknown as Env;
  return { memory, of: new ZcCluster(env, 8) };
}
const brokenIn = (of: ZcCluster) =>
  auditZc(of, [], true).flatMap(({ id, broken }) => broken === null ? [] : [`${id}: ${broken}`]);

Deno.test("PFRING-12 names a buffer that two hold, that nobody holds, or that a holder lacks", () => {
  const twice = cluster().of;
  const a = twice.handles("a", 0, 2);
  const b = twice.handles("b", 0, 2);
  assertEquals(brokenIn(twice), []);
  b.buffer[0] = a.buffer[1]!;
  assertEquals(brokenIn(twice), ["PFRING-12: buffer 1 is held by a and by b"]);
  const leaked = cluster().of;
  leaked.take(0, "nobody");
  assertEquals(brokenIn(leaked), [
    "PFRING-12: the cluster has 8 buffers, but 7 in its pool and 0 elsewhere",
  ]);
  const short = cluster().of;
  short.handles("c", 0, 2).buffer[0] = -1;
  assertEquals(brokenIn(short), ["PFRING-12: c holds 1 buffers, expected 2"]);
});

Deno.test("PFRING-13 names a queue that is no FIFO, or refuses or takes what it should not", () => {
  const order = new QueueWatch("q", 2);
  order.push(5, true, 10);
  order.push(6, true, 20);
  order.pop(6, 30);
  assertEquals(order.broken, "queue q gave out buffer 6, expected 5: the oldest");
  const refused = new QueueWatch("q", 2);
  refused.push(5, true, 10);
  refused.push(6, false, 20);
  assertEquals(refused.broken, "queue q refused a push with 1 of 2 packets in it");
  const full = new QueueWatch("q", 1);
  full.push(5, true, 10);
  full.pop(5, 40);
  full.push(6, true, 30); // popped at 40 only
  assertEquals(full.broken, "queue q took a push though its 1 slots had packets in them");
  const empty = new QueueWatch("q", 1);
  empty.pop(9, 0);
  assertEquals(empty.broken, "queue q gave out buffer 9, expected nothing: it was empty");
});

Deno.test("PFRING-14 names copied bytes", () => {
  const { of, memory } = cluster();
  memory.copyWithin(0, 100, 60);
  assertEquals(brokenIn(of), ["PFRING-14: CPUs copied 60 bytes of packets, expected none"]);
});
