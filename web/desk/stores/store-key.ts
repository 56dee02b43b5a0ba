import { inject, type InjectionKey } from 'vue'

/**
 * A store's key, and what takes the store in a component. Taking it throws where nothing provides it: outside of the
 * page, or before somebody is signed in.
 */
export function storeKey<T>(name: string): [key: InjectionKey<T>, use: () => T] {
  const key: InjectionKey<T> = Symbol(name)
  return [
    key,
    () => {
      const store = inject(key)
      if (store === undefined) throw new Error(`Nothing around this component provides "${name}".`)
      return store
    },
  ]
}
