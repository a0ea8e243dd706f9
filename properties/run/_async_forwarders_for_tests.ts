// Asynchronous forwarders for the tests of their conformance: one that is right, and others that each do
// one thing that such code does wrong.
import type { AsyncEnv, AsyncForwarder, AsyncPacket } from "../../core/machine/mod.ts";
import { checkFrame, ipv4Dst, rewriteFrame } from "../../core/packet/mod.ts";
import { REASON } from "../../core/policy.ts";

/** Drops what is not to be routed; otherwise looks its next hop up, in some turns: -1 where there is none. */
async function nextHop(env: AsyncEnv, packet: AsyncPacket): Promise<number> {
  const reason = checkFrame(packet.bytes, 0, packet.bytes.length);
  if (reason !== REASON.none) {
    env.drop(packet, reason);
    return -1;
  }
  const dst = ipv4Dst(packet.bytes, 14);
  // A cache answers at once for even addresses, in a turn of its own for odd ones.
  await env.turn();
  if (dst % 2 === 1) await env.turn();
  const hop = env.fib.lookup(dst);
  if (hop < 0) env.drop(packet, REASON["no-route"]);
  return hop;
}

function send(env: AsyncEnv, packet: AsyncPacket, hop: number): void {
  if (hop < 0) return;
  rewriteFrame(packet.bytes, 0, env.neighbours, hop);
  env.send(packet, env.neighbours.port[hop]!);
}

/** Looks up as packets come, sends those of a port in their order. */
export const inOrder: AsyncForwarder = (env) => {
  const before = Array.from({ length: env.ports }, () => Promise.resolve());
  return (packet) => {
    const hop = nextHop(env, packet);
    const turn = before[packet.port]!.then(async () => send(env, packet, await hop));
    before[packet.port] = turn;
    return turn;
  };
};

/** Sends each packet when its own look-up is there. */
export const hasty: AsyncForwarder = (env) => async (packet) =>
  send(env, packet, await nextHop(env, packet));

/** Looks up and then uses what the last look-up of all found. */
export const sharedVariable: AsyncForwarder = (env) => {
  let hop = -1;
  const before = Array.from({ length: env.ports }, () => Promise.resolve());
  return (packet) => {
    const found = nextHop(env, packet).then((one) => {
      hop = one;
      return one >= 0;
    });
    return before[packet.port] = before[packet.port]!.then(async () => {
      if (!(await found)) return;
      await env.turn();
      if (hop >= 0) send(env, packet, hop);
    });
  };
};
