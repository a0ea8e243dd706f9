/** Names of netmap ports, as applications write them. Source: netmap libnetmap/nmreq.c, netmap(4). */

/** A name taken apart. */
export interface PortName {
  /** The port without rings and flags: `eth0`, `vale0:x`, `eth0{1`. */
  readonly port: string;
  /** What a pipe hangs on; the port itself otherwise. */
  readonly base: string;
  /** The switch, or "". */
  readonly vale: string;
  /** `{`, `}` or "", and the number of the pipe. */
  readonly pipe: string;
  readonly pipeId: number;
  readonly ring: number | undefined;
  readonly nic: boolean;
  readonly sw: boolean;
  /** `r`, `t` or `rt`: what is monitored; or "". */
  readonly monitor: string;
  readonly exclusive: boolean;
  readonly noTxPoll: boolean;
}

/** Port, pipe, rings, flags. */
const NAME =
  /^(?:netmap:([\w.]+)|(vale\w*):([\w.]+))(?:([{}])(\d+))?(?:-(\d+)|(\^)|(\*))?(?:\/(\w*))?$/;

/**
 * Takes a name apart.
 * @throws {TypeError} when it is no name of a port
 */
export function portName(name: string): PortName {
  const found = NAME.exec(name);
  if (found === null) throw new TypeError(`Cannot open "${name}": it is no name of a netmap port`);
  const [, device, vale = "", valePort, pipe = "", pipeId, ring, sw, both, flags = ""] = found;
  const bad = [...flags].find((flag) => !"xTrt".includes(flag));
  if (bad !== undefined) throw new TypeError(`Cannot open "${name}": there is no flag ${bad}`);
  const base = device ?? `${vale}:${valePort}`;
  return {
    port: pipe === "" ? base : `${base}${pipe}${pipeId}`,
    base,
    vale: pipe === "" ? vale : "",
    pipe,
    pipeId: Number(pipeId ?? -1),
    ring: ring === undefined ? undefined : Number(ring),
    nic: sw === undefined,
    sw: sw !== undefined || both !== undefined,
    monitor: [...flags].filter((flag) => flag === "r" || flag === "t").join(""),
    exclusive: flags.includes("x"),
    noTxPoll: flags.includes("T"),
  };
}
