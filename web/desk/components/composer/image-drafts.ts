import { onUnmounted, ref, type Ref } from 'vue'
import type { ConversationView } from '../../api/views.js'
import { useI18n } from '../../locales/i18n.js'
import { newId } from '../../state/new-id.js'
import { useWorkspace } from '../../state/workspace.js'
import { prepareImage } from '../../text/image-file.js'

/** A picture that waits in the composer. */
export interface ImageDraft {
  id: string
  blob: Blob
  preview: string
  isMade: boolean
}

/** The pictures that are about to be sent. */
export function useImageDrafts(conversation: () => ConversationView): {
  images: Ref<ImageDraft[]>
  isSending: Ref<boolean>
  add: (files: readonly Blob[]) => Promise<void>
  remove: (id: string) => void
  /** Uploads and sends them one after the other; what could not be uploaded stays. */
  send: () => Promise<void>
} {
  const { t } = useI18n()
  const { client, outgoing, run, toasts } = useWorkspace()
  const images = ref<ImageDraft[]>([])
  const isSending = ref(false)
  // A message on its way shows its picture from here too: those are let go when the page ends.
  onUnmounted(() => {
    for (const { preview } of images.value) URL.revokeObjectURL(preview)
  })

  return {
    images,
    isSending,
    async add(files) {
      for (const file of files) {
        const prepared = await prepareImage(file)
        if (prepared === undefined) toasts.say(t.value('image.unreadable'), 'bad')
        else images.value.push({ id: newId(), preview: URL.createObjectURL(prepared.blob), ...prepared })
      }
    },
    remove(id) {
      images.value = images.value.filter((image) => image.id !== id)
    },
    async send() {
      if (isSending.value) return
      isSending.value = true
      const { id, appId } = conversation()
      for (const image of [...images.value]) {
        const done = await run(async () => {
          const { mediaId } = await client.upload(appId, image.blob)
          outgoing.send(id, image.id, { msgType: 'image', mediaId }, image.preview)
        })
        if (!done) break
        images.value = images.value.filter((one) => one.id !== image.id)
      }
      isSending.value = false
    },
  }
}
