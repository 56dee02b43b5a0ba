import { ref, type Ref } from 'vue'
import { picturesIn } from '../../text/image-file.js'

/** Pictures that are pasted or dropped on the composer. */
export function usePictureInput(take: (files: File[]) => void): {
  /** Whether something is held over the composer. */
  isOver: Ref<boolean>
  paste: (event: ClipboardEvent) => void
  drop: (event: DragEvent) => void
} {
  const isOver = ref(false)
  function found(event: Event, data: DataTransfer | null): void {
    const files = picturesIn(data)
    if (files.length === 0) return
    event.preventDefault()
    take(files)
  }
  return {
    isOver,
    paste(event) {
      found(event, event.clipboardData)
    },
    drop(event) {
      isOver.value = false
      found(event, event.dataTransfer)
    },
  }
}
