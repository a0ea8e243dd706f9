/**
 * The bench that a device stands on: a namespace for the device and one for the tester, a veth pair for each
 * port, and the tester's ends opened as packet ports. Nothing of it is seen from outside, and all of it is gone
 * when the process is, however it ends: no name is given to the namespaces, so that nothing outlives the
 * descriptors.
 */
import { Exchange } from "./exchange.ts";
import { switchGroOn } from "./gro.ts";
import { closeLibc, type Libc, openLibc } from "./libc.ts";
import { addVeth, removeAddress, seeCarrier, setMac, setMtu, setUp } from "./links.ts";
import { Netlink } from "./netlink.ts";
import { Netns } from "./netns.ts";
import { PacketPort } from "./packet_port.ts";
import { pinThread } from "./pinned.ts";

/** Number of the interface of port 0, in both namespaces; lower ones are the kernel's own. */
export const FIRST_INDEX = 100;
const LOOPBACK_INDEX = 1;
const LOOPBACK = 0x7f000001;
/** Most ports. */
export const PORTS_MAX = 16;
/** The tester's ends take any frame that the device's may send. */
const TESTER_MTU = 9000;
const DEVICE_MTU = 1500;
/** A page holds as much for a program in native mode, and not 9000 (drivers/net/veth.c, veth_xdp_set). */
const NATIVE_MTU = 3000;

/** Namespaces and ports. */
export class Rig {
  /** Where the device is. */
  readonly device: Netns;
  /** Talks to the device's kernel. */
  readonly netlink: Netlink;
  /** The tester's ports. */
  readonly exchange: Exchange;
  /** Ports of the device. */
  readonly ports: number;
  readonly #libc: Libc;
  readonly #tester: Netns;
  readonly #testerLink: Netlink;
  readonly #packetPorts: PacketPort[] = [];
  readonly #unpin: () => void;
  readonly #macs: string[] = [];
  #closed = false;

  /**
   * Builds a bench of `ports` ports. Parameters of the device's kernel are set before it has interfaces; `ordered` is
   * the exchange's.
   *
   * @throws {RangeError} when there are too many ports
   * @throws {SystemCallError} naming the permission that is missing
   */
  constructor(
    ports: number,
    sysctls: Readonly<Record<string, number | string>> = {},
    ordered = false,
  ) {
    if (!(Number.isInteger(ports) && ports >= 1 && ports <= PORTS_MAX)) {
      throw new RangeError(
        `Cannot build a bench of ${ports} ports: expected an integer in 1..${PORTS_MAX}`,
      );
    }
    this.ports = ports;
    this.device = Netns.create();
    this.#libc = openLibc();
    this.#tester = Netns.create();
    this.#unpin = pinThread(this.#libc);
    for (const ns of [this.device, this.#tester]) quiet(ns);
    for (const [path, value] of Object.entries(sysctls)) this.device.sysctl(path, value);
    this.netlink = this.device.within(() => new Netlink(this.#libc));
    this.#testerLink = this.#tester.within(() => new Netlink(this.#libc));
    // without a local table the kernel takes every gateway for a broadcast address; with its address, loopback
    // would take part in look-ups
    setUp(this.netlink, LOOPBACK_INDEX);
    removeAddress(this.netlink, LOOPBACK_INDEX, LOOPBACK, 8);
    for (let p = 0; p < ports; p++) this.#addPort(p);
    this.exchange = new Exchange(this.#packetPorts, ordered);
  }

  #addPort(p: number): void {
    const index = FIRST_INDEX + p;
    const near = { index, name: `pct${p}`, mtu: TESTER_MTU };
    const far = { index, name: portName(p), mtu: DEVICE_MTU };
    addVeth(this.#testerLink, near, far, this.device.fd);
    setUp(this.#testerLink, index);
    setUp(this.netlink, index);
    seeCarrier(this.#testerLink, index);
    seeCarrier(this.netlink, index);
    this.#packetPorts.push(this.#tester.within(() => new PacketPort(index, near.name)));
  }

  /** Gives port `p` of the device a MAC address; answers whether that was another one than before. */
  setMac(p: number, mac: Uint8Array): boolean {
    const text = mac.join(" ");
    if (this.#macs[p] === text) return false;
    setMac(this.netlink, FIRST_INDEX + p, mac);
    this.#macs[p] = text;
    return true;
  }

  /** Lets the tester's ends take what a program sends in native mode. */
  takeNative(): void {
    for (let p = 0; p < this.ports; p++) setMtu(this.#testerLink, FIRST_INDEX + p, NATIVE_MTU);
    this.#tester.within(() => {
      for (const { name } of this.#packetPorts) switchGroOn(this.#libc, name);
    });
  }

  /** Sets the MTU of port `p` of the device. */
  setMtu(p: number, mtu: number): void {
    setMtu(this.netlink, FIRST_INDEX + p, mtu);
    this.exchange.setMtu(p, mtu);
  }

  /** Takes everything down. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const port of this.#packetPorts) port.close();
    this.netlink.close();
    this.#testerLink.close();
    this.device.close();
    this.#tester.close();
    this.#unpin();
    closeLibc();
  }
}

/** Name of the interface of port `p` in the device's namespace. */
export function portName(p: number): string {
  return `pcd${p}`;
}

/** A namespace in which the kernel sends nothing of its own accord. */
function quiet(ns: Netns): void {
  for (const which of ["all", "default"]) {
    try {
      ns.sysctl(`net/ipv6/conf/${which}/disable_ipv6`, 1);
    } catch (error) {
      // a kernel without IPv6
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}
