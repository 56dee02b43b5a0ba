import { ref, type Ref } from 'vue'

/** Milliseconds since 1970 on the server's clock, each second anew. */
export function serverClock(ahead: () => number): { now: Ref<number>; read: () => number; stop: () => void } {
  const read = (): number => Date.now() + ahead()
  const now = ref(read())
  const timer = setInterval(() => {
    now.value = read()
  }, 1000)
  return {
    now,
    read,
    stop: () => {
      clearInterval(timer)
    },
  }
}
