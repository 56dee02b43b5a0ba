/** A promise that a test opens: what waits at it waits for the test, not for time. */
export interface Gate<T = void> {
  readonly opened: Promise<T>
  open(value: T): void
}

export function gate<T = void>(): Gate<T> {
  let open: (value: T) => void = () => undefined
  const opened = new Promise<T>((resolve) => (open = resolve))
  return {
    opened,
    open: (value) => {
      open(value)
    },
  }
}
