import { useEventListener } from '@vueuse/core'
import { onUnmounted, shallowRef, type ShallowRef } from 'vue'
import type { AppSetup } from '../../../../../src/apps/schemas/app-setup.js'
import { DeskError, type Client } from '../../../api/client.js'

const EVERY_MS = 2000

export interface SetupState {
  /** Null until it was read. */
  setup: ShallowRef<AppSetup | null>
  /** Set while the last reading failed. */
  failure: ShallowRef<DeskError | null>
  /** Reads at once. */
  look: () => Promise<void>
}

/** How far a Mini Program is connected, read again while the page is in sight and something is awaited. */
export function followSetup(client: Client, appId: string): SetupState {
  const setup = shallowRef<AppSetup | null>(null)
  const failure = shallowRef<DeskError | null>(null)
  let timer: ReturnType<typeof setTimeout> | undefined
  let isOver = false

  async function look(): Promise<void> {
    clearTimeout(timer)
    try {
      setup.value = await client.request<AppSetup>('GET', `/apps/${appId}/setup`)
      failure.value = null
    } catch (error) {
      if (!(error instanceof DeskError)) throw error
      failure.value = error
    }
    later()
  }
  function later(): void {
    clearTimeout(timer)
    if (isOver || document.visibilityState === 'hidden' || failure.value?.status === 404) return
    if (setup.value !== null && isThrough(setup.value)) return
    timer = setTimeout(() => void look(), EVERY_MS)
  }
  useEventListener(document, 'visibilitychange', () => {
    if (document.visibilityState === 'visible') void look()
  })
  onUnmounted(() => {
    isOver = true
    clearTimeout(timer)
  })
  void look()
  return { setup, failure, look }
}

/** Whether nothing more is awaited. */
function isThrough({ arrived }: AppSetup): boolean {
  return arrived?.conversationId != null
}
