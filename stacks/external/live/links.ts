/**
 * Interfaces by rtnetlink: pairs of virtual Ethernet (veth) between two namespaces, a bridge, and what is known
 * of interfaces that exist. Interfaces made here get numbers that the caller chooses, which no other in a new
 * namespace has.
 */
import { attributesOf } from "./attributes.ts";
import { type Netlink, NLM } from "./netlink.ts";

/** Types of messages about interfaces and their addresses. */
const RTM = { newLink: 16, getLink: 18, newAddress: 20, delAddress: 21, getAddress: 22 };
const AF_INET = 2;
const IFA_LOCAL = 2;
/** Attributes of interfaces. */
export const IFLA = { address: 1, name: 3, mtu: 4, master: 10, info: 18, nsFd: 28, rxQueues: 32 };
const IFLA_TX_QUEUES = 31;
export const INFO_KIND = 1;
export const INFO_DATA = 2;
const VETH_INFO_PEER = 1;
const IFF_UP = 1;
const NLM_CREATE = NLM.create | NLM.excl;

/** One end of a veth pair. */
export interface VethEnd {
  readonly index: number;
  readonly name: string;
  readonly mtu: number;
}

/** Makes a veth pair, `near` in the namespace of the socket, `far` in that of the descriptor; both stay down. */
export function addVeth(netlink: Netlink, near: VethEnd, far: VethEnd, farNs: number): void {
  netlink.begin(RTM.newLink, NLM_CREATE, `make the veth pair ${near.name}, ${far.name}`);
  end(netlink, near);
  netlink.nested(IFLA.info, () => {
    netlink.attribute(INFO_KIND, text("veth"));
    netlink.nested(INFO_DATA, () =>
      netlink.nested(VETH_INFO_PEER, () => {
        end(netlink, far);
        netlink.attribute32(IFLA.nsFd, farNs);
      }));
  });
  netlink.end();
  netlink.flush();
}

function end(netlink: Netlink, { index, name, mtu }: VethEnd): void {
  linkHeader(netlink, index, 0);
  netlink.attribute(IFLA.name, text(name));
  netlink.attribute32(IFLA.mtu, mtu);
  // one queue each way: frames that enter a port are then handled in order
  netlink.attribute32(IFLA_TX_QUEUES, 1);
  netlink.attribute32(IFLA.rxQueues, 1);
}

/** Brings an interface up, or down. */
export function setUp(netlink: Netlink, index: number, up = true): void {
  netlink.begin(RTM.newLink, 0, `bring interface ${index} ${up ? "up" : "down"}`);
  linkHeader(netlink, index, up ? IFF_UP : 0, IFF_UP);
  netlink.end();
  netlink.flush();
}

/**
 * Lets the kernel see now that the other end of an interface is up, which otherwise it does within a second
 * (rtnl_getlink synchronises the carrier): until then a bridge takes a port for disabled.
 */
export function seeCarrier(netlink: Netlink, index: number): void {
  netlink.begin(RTM.getLink, 0, `look at interface ${index}`);
  linkHeader(netlink, index, 0);
  netlink.end();
  netlink.flush();
}

/** Gives an interface a MAC address. Its permanent neighbours are forgotten by the kernel. */
export function setMac(netlink: Netlink, index: number, mac: Uint8Array): void {
  netlink.begin(RTM.newLink, 0, `set the MAC address of interface ${index}`);
  linkHeader(netlink, index, 0);
  netlink.attribute(IFLA.address, mac);
  netlink.end();
  netlink.flush();
}

/** Sets the MTU of an interface. */
export function setMtu(netlink: Netlink, index: number, mtu: number): void {
  netlink.begin(RTM.newLink, 0, `set the MTU of interface ${index} to ${mtu}`);
  linkHeader(netlink, index, 0);
  netlink.attribute32(IFLA.mtu, mtu);
  netlink.end();
  netlink.flush();
}

/** Gives an interface an IPv4 address. */
export function addAddress(netlink: Netlink, index: number, address: number, depth: number): void {
  changeAddress(netlink, RTM.newAddress, index, address, depth);
}

/** Takes an IPv4 address from an interface. */
export function removeAddress(
  netlink: Netlink,
  index: number,
  address: number,
  depth: number,
): void {
  changeAddress(netlink, RTM.delAddress, index, address, depth);
}

function changeAddress(
  netlink: Netlink,
  type: number,
  index: number,
  address: number,
  depth: number,
): void {
  netlink.begin(type, type === RTM.newAddress ? NLM_CREATE : 0, "change an address");
  netlink.u8(AF_INET, depth, 0, 0);
  netlink.u32(index);
  netlink.attributeAddress(IFA_LOCAL, address);
  netlink.end();
  netlink.flush();
}

/** What there is of an interface. */
export interface LinkFacts {
  readonly index: number;
  readonly name: string;
  readonly mac: Uint8Array;
  readonly mtu: number;
  readonly isUp: boolean;
  /** IPv4 and IPv6 addresses on it, as a person writes them; link-local IPv6 ones left out. */
  readonly addresses: readonly string[];
}

/** All interfaces of the namespace of the socket. */
export function listLinks(netlink: Netlink): LinkFacts[] {
  const addresses = new Map<number, string[]>();
  netlink.begin(RTM.getAddress, NLM.dump, "list addresses");
  netlink.u32(0);
  netlink.u32(0);
  netlink.end();
  netlink.dump((body) => {
    const index = new DataView(body.buffer, body.byteOffset).getUint32(4, true);
    const address = attributesOf(body, 8).get(1);
    if (address === undefined || address[0] === 0xfe && (address[1]! & 0xc0) === 0x80) return;
    const known = addresses.get(index) ?? [];
    known.push(addressText(address));
    addresses.set(index, known);
  });
  const links: LinkFacts[] = [];
  netlink.begin(RTM.getLink, NLM.dump, "list interfaces");
  linkHeader(netlink, 0, 0);
  netlink.end();
  netlink.dump((body) => {
    const view = new DataView(body.buffer, body.byteOffset, body.length);
    const attributes = attributesOf(body, 16);
    const index = view.getUint32(4, true);
    const mtu = attributes.get(IFLA.mtu)!;
    links.push({
      index,
      name: new TextDecoder().decode(attributes.get(IFLA.name)).replace(/\0.*$/, ""),
      mac: attributes.get(IFLA.address)?.slice() ?? new Uint8Array(6),
      mtu: new DataView(mtu.buffer, mtu.byteOffset).getUint32(0, true),
      isUp: (view.getUint32(8, true) & IFF_UP) !== 0,
      addresses: addresses.get(index) ?? [],
    });
  });
  return links;
}

function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  const words = Array.from({ length: 8 }, (_, i) => bytes[2 * i]! << 8 | bytes[2 * i + 1]!);
  return words.map((word) => word.toString(16)).join(":");
}

/** The header of a message about an interface. */
export function linkHeader(netlink: Netlink, index: number, flags: number, change = 0): void {
  netlink.u32(0);
  netlink.u32(index);
  netlink.u32(flags);
  netlink.u32(change);
}

/** A string as netlink takes it. */
export function text(value: string): Uint8Array {
  return new TextEncoder().encode(`${value}\0`);
}
