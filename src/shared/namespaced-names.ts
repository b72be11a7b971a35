/**
 * A set of objects' names. Names are looked up namespace by namespace, since a key made of both would have to be made, and
 * hashed, anew for each of the objects.
 */
export class NamespacedNames {
  private readonly names = new Map<string, Set<string>>();

  has(namespace: string, name: string): boolean {
    return this.names.get(namespace)?.has(name) ?? false;
  }

  /** False where the name was there already. */
  add(namespace: string, name: string): boolean {
    const names = this.names.get(namespace);
    if (names === undefined) {
      this.names.set(namespace, new Set([name]));
      return true;
    }
    const size = names.size;
    return names.add(name).size > size;
  }
}
