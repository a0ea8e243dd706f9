/** The kernel's bridge by rtnetlink: the bridge, its ports, its table. */
import { IFLA, INFO_DATA, INFO_KIND, linkHeader, text } from "./links.ts";
import { type Netlink, NLM } from "./netlink.ts";

const RTM_NEWLINK = 16;
const RTM_NEWNEIGH = 28;
const BR = { forwardDelay: 1, stpState: 5, flush: 21, multicastSnooping: 23 };
const AF_BRIDGE = 7;
const NDA_LLADDR = 2;
/** NUD_NOARP and NUD_REACHABLE: what `bridge fdb add ... static` says. */
const NUD_STATIC = 0x42;
const NTF_MASTER = 4;
const NLM_CREATE = NLM.create | NLM.excl;

/** Makes a learning bridge without spanning tree; it is down. */
export function addBridge(netlink: Netlink, index: number, name: string): void {
  netlink.begin(RTM_NEWLINK, NLM_CREATE, `make the bridge ${name}`);
  linkHeader(netlink, index, 0);
  netlink.attribute(IFLA.name, text(name));
  netlink.nested(IFLA.info, () => {
    netlink.attribute(INFO_KIND, text("bridge"));
    netlink.nested(INFO_DATA, () => {
      netlink.attribute32(BR.forwardDelay, 0);
      netlink.attribute32(BR.stpState, 0);
      netlink.attribute(BR.multicastSnooping, Uint8Array.of(0));
    });
  });
  netlink.end();
  netlink.flush();
}

/** Lets a bridge forget what it has learnt. */
export function flushBridge(netlink: Netlink, index: number): void {
  netlink.begin(RTM_NEWLINK, 0, "empty the table of a bridge");
  linkHeader(netlink, index, 0);
  netlink.nested(IFLA.info, () => {
    netlink.attribute(INFO_KIND, text("bridge"));
    netlink.nested(INFO_DATA, () => netlink.attribute(BR.flush, new Uint8Array(0)));
  });
  netlink.end();
  netlink.flush();
}

/** Fixes a MAC address to a port of a bridge: it is neither learnt nor forgotten. */
export function addFixedAddress(netlink: Netlink, index: number, mac: Uint8Array): void {
  netlink.begin(RTM_NEWNEIGH, NLM_CREATE, "fix an address to a port of a bridge");
  netlink.u8(AF_BRIDGE, 0, 0, 0);
  netlink.u32(index);
  netlink.u8(NUD_STATIC, 0, NTF_MASTER, 0);
  netlink.attribute(NDA_LLADDR, mac);
  netlink.end();
  netlink.flush();
}

/** Makes an interface a port of a bridge. */
export function setMaster(netlink: Netlink, index: number, bridge: number): void {
  netlink.begin(RTM_NEWLINK, 0, "add a port to a bridge");
  linkHeader(netlink, index, 0);
  netlink.attribute32(IFLA.master, bridge);
  netlink.end();
  netlink.flush();
}
