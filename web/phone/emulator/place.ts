/** The path before the emulator's addresses: of a world /w/NAME, else nothing. */
export function worldPrefix(pathname: string): string {
  return /^\/w\/[\w.-]+(?=\/)/.exec(pathname)?.[0] ?? ''
}

/** Where the API is that this page belongs to, without a slash at its end. */
export function emulatorAddress({ origin, pathname }: Pick<Location, 'origin' | 'pathname'>): string {
  return origin + worldPrefix(pathname)
}

/** What a page keeps in the browser, apart for each world; the language is everybody's. */
export function storageOf(
  prefix: string,
  storage: Pick<Storage, 'getItem' | 'setItem'>,
): Pick<Storage, 'getItem' | 'setItem'> {
  if (prefix === '') return storage
  return {
    getItem: (key) => storage.getItem(`${key} ${prefix}`),
    setItem: (key, value) => {
      storage.setItem(`${key} ${prefix}`, value)
    },
  }
}
