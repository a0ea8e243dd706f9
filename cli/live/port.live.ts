// Aim: a packet port sends and receives every frame that its interface takes, byte for byte, around its rings and with
// VLAN tags; a given interface is used only where that is safe. Method: both ends of a veth pair.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { fold, pseudoHeaderSum, writeUdpFrame } from "../../core/mod.ts";
import { linksHere, openGivenPort } from "../../stacks/external/live/given.ts";
import { SLOT, TX_DATA, VNET_HEADER } from "../../stacks/external/live/if_packet.ts";
import { closeLibc, openLibc } from "../../stacks/external/live/libc.ts";
import { addVeth, seeCarrier, setUp } from "../../stacks/external/live/links.ts";
import { Netlink } from "../../stacks/external/live/netlink.ts";
import { Netns } from "../../stacks/external/live/netns.ts";
import { PacketPort } from "../../stacks/external/live/packet_port.ts";
import { XskPort } from "../../stacks/external/live/xsk_port.ts";
import { SystemCallError } from "../../stacks/mod.ts";
import { liveTest } from "./needs.ts";

const NEEDS = ["ip", "namespaces"] as const;

/** Two ports that face each other. */
function pair<T>(act: (a: PacketPort, b: PacketPort, ns: Netns) => T): T {
  const libc = openLibc();
  const ns = Netns.create();
  ns.sysctl("net/ipv6/conf/default/disable_ipv6", 1);
  const netlink = ns.within(() => new Netlink(libc));
  const end = (index: number) => ({ index, name: `pcx${index}`, mtu: 1500 });
  addVeth(netlink, end(10), end(11), ns.fd);
  for (const index of [10, 11]) setUp(netlink, index);
  for (const index of [10, 11]) seeCarrier(netlink, index);
  const ports = ns.within(() => [10, 11].map((i) => new PacketPort(i, `pcx${i}`, { slots: 64 })));
  try {
    return act(ports[0]!, ports[1]!, ns);
  } finally {
    for (const port of ports) port.close();
    netlink.close();
    ns.close();
    closeLibc();
  }
}

function frame(length: number, seed: number): Uint8Array {
  const bytes = Uint8Array.from({ length }, (_, i) => i * 5 + seed);
  bytes.set([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5].slice(0, length));
  return bytes;
}

function received(port: PacketPort): Uint8Array | null {
  const at = port.receive();
  if (at < 0) return null;
  const bytes = port.bytes.slice(at, at + port.length);
  port.release();
  return bytes;
}

liveTest(
  "PacketPort carries every length, byte for byte, many times around its rings",
  NEEDS,
  () => {
    pair((a, b) => {
      for (let length = 14; length <= 1514; length++) {
        const sent = frame(length, length);
        assert(a.transmit(sent, 0, length));
        a.flush();
        assertEquals(received(b), sent, `${length} bytes`);
        assertEquals(received(a), null, "its own");
      }
      assertEquals(b.statistics(), { received: 1501, dropped: 0 });
    });
  },
);

liveTest("PacketPort puts a VLAN tag back that the kernel took out", NEEDS, () => {
  pair((a, b) => {
    for (const tag of [[0x81, 0, 0x60, 0x64], [0x88, 0xa8, 0, 0]]) {
      const sent = frame(80, 1);
      sent.set([...tag, 8, 0], 12);
      a.transmit(sent, 0, 80);
      a.flush();
      assertEquals(received(b), sent);
    }
  });
});

liveTest("PacketPort finishes a checksum that the sender left to its interface", NEEDS, () => {
  pair((a, b) => {
    const whole = new Uint8Array(80);
    const length = writeUdpFrame(whole, 0, {
      ...{ dstMac: 0x020000000001, srcMac: 0x020000000002, src: 0x0a000001, dst: 0x0a000002 },
      ...{ srcPort: 1, dstPort: 2, id: 1, payload: 31 },
    });
    for (const [slot, tag] of [[], [0x81, 0, 0, 7]].entries()) {
      const sent = Uint8Array.from([...whole.slice(0, 12), ...tag, ...whole.slice(12, length)]);
      const [udp, field] = [34 + tag.length, 40 + tag.length];
      const partial = sent.slice();
      // what NETIF_F_HW_CSUM asks for: the sum of the pseudo header, and where the interface goes on
      const sum = pseudoHeaderSum(0x0a000001, 0x0a000002, 17, length - 34);
      new DataView(partial.buffer).setUint16(field, fold(sum));
      a.transmit(partial, 0, partial.length);
      const header = new DataView(a.bytes.buffer, (64 + slot) * SLOT + TX_DATA - VNET_HEADER);
      header.setUint8(0, 1); // VIRTIO_NET_HDR_F_NEEDS_CSUM
      header.setUint16(6, udp, true);
      header.setUint16(8, field - udp, true);
      a.flush();
      assertEquals(received(b), sent);
    }
  });
});

liveTest(
  "PacketPort gives back together what one look found, and all before it waits",
  NEEDS,
  () => {
    pair((a, b) => {
      const sent = frame(60, 0);
      const held = () =>
        Array.from({ length: 64 }, (_, slot) => b.words[slot * SLOT / 4]! & 1)
          .reduce((sum, one) => sum + one);
      // a look finds 32 slots at most, and none beyond the end of the ring
      for (const [count, looks] of [[5, [5]], [50, [32, 18]], [40, [9, 31]]] as const) {
        for (let i = 0; i < count; i++) a.transmit(sent, 0, 60);
        a.flush();
        let left: number = count;
        for (const look of looks) {
          for (let i = 0; i < look; i++) {
            assertEquals(held(), left, `${count} frames, before ${i} of ${look}`);
            assertEquals(received(b), sent);
          }
          left -= look;
          assertEquals(held(), left, `${count} frames, after ${look}`);
        }
        // a slot that is ours ends poll(2) at once
        assertEquals([received(b), held()], [null, 0]);
      }
    });
  },
);

liveTest("PacketPort says when its ring is full, and counts what a full one loses", NEEDS, () => {
  pair((a, b) => {
    const sent = frame(60, 0);
    for (let i = 0; i < 64; i++) assert(a.transmit(sent, 0, 60));
    assertEquals(a.transmit(sent, 0, 60), false);
    a.flush();
    for (let i = 0; i < 10; i++) a.transmit(sent, 0, 60);
    a.flush();
    let count = 0;
    while (received(b) !== null) count++;
    assertEquals(count, 64);
    assertEquals(b.statistics(), { received: 74, dropped: 10 });
    assertThrows(() => a.transmit(new Uint8Array(3000), 0, 3000), RangeError, "Cannot send 3000");
  });
});

liveTest(
  "PacketPort refuses an interface that is not there, and sizes that are none",
  NEEDS,
  () => {
    assertThrows(() => new PacketPort(9999, "nowhere"), SystemCallError, "bind a packet socket");
    assertThrows(() => new PacketPort(1, "lo", { slots: 33 }), RangeError, "no multiple of 32");
  },
);

liveTest("XskPort says what it needs where a driver takes no program, and opens again and again", [
  "ip",
  "root",
], () => {
  const ns = Netns.create();
  try {
    const opened = () => ns.within(() => new XskPort(1, "lo", "native"));
    assertThrows(opened, SystemCallError, "and a driver that takes one): Operation not supported");
    // a queue that is somebody's still, for a moment, is waited for
    const open = () => ns.within(() => new XskPort(1, "lo", "generic"));
    for (let i = 0; i < 20; i++) open().close();
    // and one that stays somebody's is not waited for long
    const held = open();
    assertThrows(open, SystemCallError, "bind an AF_XDP socket to lo: Device or resource busy");
    held.close();
  } finally {
    ns.close();
  }
});

liveTest("openGivenPort uses an interface only where that is safe", NEEDS, () => {
  const before = linksHere();
  assertThrows(() => openGivenPort("none0"), RangeError, "on none0: expected one of lo");
  const own = before.find(({ addresses, isUp }) => isUp && addresses.length > 0);
  if (own !== undefined) {
    assertThrows(() => openGivenPort(own.name), RangeError, `it carries ${own.addresses[0]}`);
    openGivenPort(own.name, { addressed: true }).close();
  }
  assertEquals(linksHere(), before, "nothing about any interface has changed");
});
