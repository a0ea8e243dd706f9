export interface TmOptions {
  readonly x?: number;
}
export function checkTm(_: TmOptions): void {}
