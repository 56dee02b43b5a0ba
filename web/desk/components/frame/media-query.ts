import { onUnmounted, ref, type Ref } from 'vue'

/** Whether a media query holds at the moment. */
export function useMedia(query: string): Ref<boolean> {
  const media = matchMedia(query)
  const holds = ref(media.matches)
  const update = (): void => {
    holds.value = media.matches
  }
  media.addEventListener('change', update)
  onUnmounted(() => {
    media.removeEventListener('change', update)
  })
  return holds
}
