import { watch, type Ref } from 'vue'
import { EmulatorError, type Client } from './client.js'
import type { OpenStream } from './live.js'

/** The emulator's word for a request without its key. */
export const keyNeeded = 'key_needed'

/**
 * The key that the printed link carries behind its #, where browsers send it to nobody. It is taken out of the
 * address, so that neither the history nor a copied link has it.
 */
export function takeKey(location: Location, history: Pick<History, 'replaceState'>): string | null {
  const key = new URLSearchParams(location.hash.slice(1)).get('key')
  if (key !== null) history.replaceState(null, '', location.pathname + location.search)
  return key
}

/** A stream that is not opened while the emulator wants its key, and notices when it does. */
export function streamBehind(
  locked: Ref<boolean>,
  openStream: OpenStream,
  client: Pick<Client, 'apps'>,
): OpenStream {
  // A browser's stream does not say why it was refused; a request does.
  const look = async (): Promise<void> => {
    try {
      await client.apps()
    } catch (error) {
      if (error instanceof EmulatorError && error.code === keyNeeded) locked.value = true
    }
  }
  return (listener) => {
    let close = (): void => undefined
    let isClosed = false
    const open = (): void => {
      if (isClosed) return
      close = openStream({
        ...listener,
        broken(comesBack) {
          listener.broken(comesBack)
          if (!comesBack) void look()
        },
      })
    }
    const stop = watch(
      locked,
      (isLocked) => {
        if (isLocked) return
        queueMicrotask(() => {
          stop()
        })
        open()
      },
      { immediate: true },
    )
    return () => {
      isClosed = true
      stop()
      close()
    }
  }
}
