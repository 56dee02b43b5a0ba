import { ref, type Ref } from 'vue'
import { storeKey } from './store-key.js'

export interface Toast {
  id: number
  text: string
  tone: 'plain' | 'good' | 'bad'
}

export interface Toasts {
  list: Ref<Toast[]>
  say: (text: string, tone?: Toast['tone']) => void
  dismiss: (id: number) => void
}

export const [toastsKey, useToasts] = storeKey<Toasts>('toasts')

/** Long enough to be read: six seconds, more for a problem. */
const shownMs = { plain: 6000, good: 6000, bad: 10_000 }

export function createToasts(): Toasts {
  const list = ref<Toast[]>([])
  let last = 0
  const dismiss = (id: number): void => {
    list.value = list.value.filter((toast) => toast.id !== id)
  }
  return {
    list,
    dismiss,
    say(text, tone = 'plain') {
      const id = ++last
      list.value = [...list.value.filter((toast) => toast.text !== text).slice(-2), { id, text, tone }]
      setTimeout(() => {
        dismiss(id)
      }, shownMs[tone])
    },
  }
}
