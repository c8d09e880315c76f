/** Works on the next few while the first is waited for; what comes out keeps the order. */
export async function* ahead<T, U>(source: AsyncIterable<T> | Iterable<T>, most: number, work: (item: T) => Promise<U>): AsyncGenerator<U> {
  const underWay: Promise<U>[] = [];
  try {
    for await (const item of source) {
      const one = work(item);
      // Who fails is heard when it is its turn; nobody hears it where the caller stops before.
      one.catch(() => undefined);
      underWay.push(one);
      const [first] = underWay;
      if (underWay.length < most || first === undefined) continue;
      yield await first;
      underWay.shift();
    }
    for (const one of underWay) yield await one;
  } finally {
    await Promise.allSettled(underWay);
  }
}
