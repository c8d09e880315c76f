/** A function that remembers what it made of the last few different words it was given. */
export function recent<T>(most: number, make: (...words: readonly string[]) => T): (...words: readonly string[]) => T {
  const known = new Map<string, { readonly made: T }>();
  return (...words) => {
    const key = words.join("\0");
    const found = known.get(key);
    if (found !== undefined) return found.made;
    const [oldest] = known.keys();
    if (oldest !== undefined && known.size >= most) known.delete(oldest);
    const made = make(...words);
    known.set(key, { made });
    return made;
  };
}
