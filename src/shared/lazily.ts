/** Values that are made when they are first asked for, and then kept. */
export function lazily<K extends string, T>(keys: readonly K[], make: (key: K) => T): Readonly<Record<K, T>> {
  const record = {} as Record<K, T>;
  for (const key of keys) {
    const get = () => {
      const value = make(key);
      Object.defineProperty(record, key, { value, enumerable: true });
      return value;
    };
    Object.defineProperty(record, key, { get, enumerable: true, configurable: true });
  }
  return record;
}
