/**
 * Network namespaces without names: what keeps one alive is a descriptor of this process, so the kernel
 * removes it, with all interfaces, routes and sockets in it, however the process ends.
 *
 * The namespace is a property of the thread. `within` enters, calls and leaves; what it calls must be
 * synchronous. Sockets made inside stay in the namespace for ever, and so do processes started there.
 */
import { closeLibc, cString, failure, type Libc, openLibc, succeeded } from "./libc.ts";

const CLONE_NEWNET = 0x40000000;
const O_CLOEXEC = 0x80000;
const OWN = "/proc/thread-self/ns/net";

/** A network namespace. */
export class Netns {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #home: number;
  #closed = false;

  private constructor(libc: Libc, fd: number, home: number) {
    this.#libc = libc;
    this.#fd = fd;
    this.#home = home;
  }

  /**
   * Makes a new namespace, with nothing in it but a loopback interface that is down.
   *
   * @throws {SystemCallError} without CAP_SYS_ADMIN; the error names what would give it
   */
  static create(): Netns {
    const libc = openLibc();
    const home = openNs(libc);
    if (libc.unshare(CLONE_NEWNET) < 0) {
      const error = failure(
        libc,
        "make a network namespace (it needs CAP_SYS_ADMIN: be root, or start it under `unshare -Urn`)",
      );
      libc.close(home);
      closeLibc();
      throw error;
    }
    const fd = openNs(libc);
    succeeded(libc, libc.setns(home, CLONE_NEWNET), "return from a new network namespace");
    return new Netns(libc, fd, home);
  }

  /** The descriptor, e.g. to move an interface here. */
  get fd(): number {
    return this.#fd;
  }

  /** Calls `act` on this thread inside the namespace. It must not await anything. */
  within<T>(act: () => T): T {
    const libc = this.#libc;
    succeeded(libc, libc.setns(this.#fd, CLONE_NEWNET), "enter a network namespace");
    try {
      return act();
    } finally {
      succeeded(libc, libc.setns(this.#home, CLONE_NEWNET), "leave a network namespace");
    }
  }

  /** Sets a parameter of the namespace's kernel, e.g. `net.ipv4.ip_forward`, in `net/ipv4/ip_forward` form. */
  sysctl(path: string, value: number | string): void {
    this.within(() => Deno.writeTextFileSync(`/proc/sys/${path}`, `${value}`));
  }

  /** Lets go of the namespace; it is gone when its sockets and processes are. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#libc.close(this.#fd);
    this.#libc.close(this.#home);
    closeLibc();
  }
}

function openNs(libc: Libc): number {
  return succeeded(libc, libc.open(cString(OWN), O_CLOEXEC), `open ${OWN}`);
}
