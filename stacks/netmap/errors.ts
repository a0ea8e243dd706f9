/** What a system call of netmap answers when it fails. */

/** Names of the errors, as errno.h has them. */
export type Errno = "ENOMEM" | "EINVAL" | "EBUSY" | "ENXIO";

/** A failed system call. */
export class NetmapError extends Error {
  /** Which error. */
  readonly errno: Errno;

  /** An error with its name and what could not be done. */
  constructor(errno: Errno, message: string) {
    super(`${message} (${errno})`);
    this.name = "NetmapError";
    this.errno = errno;
  }
}
