import { ref, type Ref } from 'vue'

/** Whether this is the one tab of the browser that rings: the first that opened, until it closes. */
export function ringingTab(locks: LockManager | undefined): Ref<boolean> {
  // Without Web Locks (a page over plain HTTP, not on this machine) each tab rings for itself.
  const rings = ref(locks === undefined)
  void locks?.request('kefu.desk.ring', () => {
    rings.value = true
    return new Promise<never>(() => undefined)
  })
  return rings
}
