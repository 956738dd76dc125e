/** Any number of hints, told so that the first is not late and a program that writes without end does not keep us busy. */
export class Burst {
  readonly #tell: (paths: readonly string[]) => void;
  readonly #firstMs: number;
  readonly #mostMs: number;
  readonly #pending = new Set<string>();
  #hasTold = false;
  #timer: NodeJS.Timeout | undefined;

  /** What follows the first hint is collected for `firstMs`, and for twice as long each time there is more, up to `mostMs`. */
  constructor(firstMs: number, mostMs: number, tell: (paths: readonly string[]) => void) {
    this.#firstMs = Math.min(firstMs, mostMs);
    this.#mostMs = mostMs;
    this.#tell = tell;
  }

  /** Tells at once what is the first of a burst, because waiting is time to repair; what is patient is not the first. */
  note(paths: readonly string[], isPatient = false): void {
    for (const path of paths) this.#pending.add(path);
    if (!isPatient && !this.#hasTold) this.#flush();
    if (this.#timer === undefined) this.#collectFor(this.#firstMs);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#pending.clear();
    this.#hasTold = false;
  }

  #collectFor(ms: number): void {
    this.#timer = setTimeout(() => this.#collected(ms), ms).unref();
  }

  #collected(ms: number): void {
    this.#timer = undefined;
    if (this.#pending.size === 0) {
      this.#hasTold = false;
      return;
    }
    this.#collectFor(Math.min(ms * 2, this.#mostMs));
    this.#flush();
  }

  #flush(): void {
    const told = [...this.#pending];
    this.#pending.clear();
    this.#hasTold = true;
    this.#tell(told);
  }
}
