/** How far the first item that is not done may fall behind those that are begun, in widths. */
const WINDOW = 4;

/**
 * Works on several items at once and hands the results over in the items' order, one at a time, each as soon as all
 * before it are there. At most `width` items are worked on, and a few times as many results wait for their turn.
 *
 * Where `work` throws, no further item is begun; what is under way ends, the results that there are are handed over, and
 * the first error is thrown. Where `done` throws, it is not called again.
 */
export async function inParallel<T, R>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<R>,
  done: (result: R) => Promise<void>,
): Promise<void> {
  const results = new Map<number, R>();
  let begun = 0;
  let turn = 0;
  let failure: { readonly error: unknown } | undefined;
  let refused = false;
  let handing = Promise.resolve();
  let waiting: (() => void)[] = [];

  const fail = (error: unknown): void => {
    failure ??= { error };
    wake();
  };
  const wake = (): void => {
    for (const go of waiting) go();
    waiting = [];
  };
  /** Hands over what is there; `skipping` the items that failed. */
  const handOver = async (skipping: boolean): Promise<void> => {
    while (turn < begun && !refused && (skipping || results.has(turn))) {
      const i = turn++;
      if (!results.has(i)) continue;
      const result = results.get(i)!;
      results.delete(i);
      try {
        await done(result);
      } catch (error) {
        refused = true;
        fail(error);
      }
    }
    wake();
  };
  const worker = async (): Promise<void> => {
    while (!failure && begun < items.length) {
      if (begun >= turn + WINDOW * width) {
        await new Promise<void>((go) => waiting.push(go));
        continue;
      }
      const i = begun++;
      try {
        results.set(i, await work(items[i]!));
      } catch (error) {
        fail(error);
        continue;
      }
      handing = handing.then(() => handOver(false));
      await handing;
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  await handOver(true);
  if (failure) throw failure.error;
}
