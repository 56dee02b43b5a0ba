import { inject, type InjectionKey, type Ref } from 'vue'

/** A picture that is looked at large. */
export interface Picture {
  messageId: number
  url: string
  label: string
}

export const lightboxKey: InjectionKey<Ref<Picture | null>> = Symbol('lightbox')

export function useLightbox(): Ref<Picture | null> {
  const picture = inject(lightboxKey)
  if (picture === undefined) throw new Error('There is no lightbox around this component.')
  return picture
}

/** Where the page finds a picture that the service keeps. */
export function mediaUrl(mediaId: number): string {
  return `./api/v1/media/${mediaId}`
}
