type Entries = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>

/** This browser's storage, or one of the page alone where that is full or forbidden. */
export const browserStorage: Entries = forgiving(() => globalThis.localStorage)

/** A storage that never throws: what it can't keep, the page remembers. */
export function forgiving(find: () => Entries): Entries {
  const own = new Map<string, string>()
  function attempt<T>(act: (storage: Entries) => T, otherwise: T): T {
    try {
      return act(find())
    } catch {
      return otherwise
    }
  }
  return {
    get length() {
      return attempt((storage) => storage.length, 0)
    },
    key: (index) => attempt((storage) => storage.key(index), null),
    getItem: (name) => own.get(name) ?? attempt((storage) => storage.getItem(name), null),
    setItem(name, value) {
      const isKept = attempt((storage) => {
        storage.setItem(name, value)
        return true
      }, false)
      if (isKept) own.delete(name)
      else own.set(name, value)
    },
    removeItem(name) {
      own.delete(name)
      attempt((storage) => {
        storage.removeItem(name)
      }, undefined)
    },
  }
}
