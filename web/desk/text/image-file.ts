import { composerLimits } from './composer-limits.js'

/** What WeChat takes as it is. */
const accepted = new Set(['image/png', 'image/jpeg', 'image/gif'])
/** The longest side of a picture that has to be made anew, in pixels; smaller when that is still too large. */
const sides = [2560, 1920, 1440, 1080]

export interface PreparedImage {
  blob: Blob
  /** Whether it was made smaller or into another format. */
  isMade: boolean
}

/** The picture as WeChat takes one; undefined when the browser can't read it as a picture, or it is far too large. */
export async function prepareImage(file: Blob): Promise<PreparedImage | undefined> {
  if (file.size > composerLimits.pickedBytes) return undefined
  const bitmap = await createImageBitmap(file).catch(() => undefined)
  if (bitmap === undefined) return undefined
  try {
    if (accepted.has(file.type) && file.size <= composerLimits.imageBytes)
      return { blob: file, isMade: false }
    for (const side of sides) {
      const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height))
      const blob = await drawn(bitmap, bitmap.width * scale, bitmap.height * scale)
      if (blob !== null && blob.size <= composerLimits.imageBytes) return { blob, isMade: true }
    }
    return undefined
  } finally {
    bitmap.close()
  }
}

/** The picture as a card's cover: 5:4, its middle. */
export async function coverImage(file: Blob): Promise<Blob | undefined> {
  const bitmap = await createImageBitmap(file).catch(() => undefined)
  if (bitmap === undefined) return undefined
  const { width, height } = composerLimits.cover
  const scale = Math.max(width / bitmap.width, height / bitmap.height)
  const canvas = canvasOf(width, height)
  const [w, h] = [bitmap.width * scale, bitmap.height * scale]
  canvas.getContext('2d')?.drawImage(bitmap, (width - w) / 2, (height - h) / 2, w, h)
  bitmap.close()
  return (await jpegOf(canvas)) ?? undefined
}

function drawn(image: ImageBitmap, width: number, height: number): Promise<Blob | null> {
  const canvas = canvasOf(Math.round(width), Math.round(height))
  const context = canvas.getContext('2d')
  // JPEG knows no transparency: what is see-through becomes white.
  if (context) {
    context.fillStyle = '#ffffff'
    context.fillRect(0, 0, canvas.width, canvas.height)
    context.drawImage(image, 0, 0, canvas.width, canvas.height)
  }
  return jpegOf(canvas)
}

function canvasOf(width: number, height: number): HTMLCanvasElement {
  const canvas = document.createElement('canvas')
  Object.assign(canvas, { width, height })
  return canvas
}

function jpegOf(canvas: HTMLCanvasElement): Promise<Blob | null> {
  return new Promise((resolve) => {
    canvas.toBlob(resolve, 'image/jpeg', 0.86)
  })
}

/** The pictures among what was pasted or dropped. */
export function picturesIn(data: DataTransfer | null): File[] {
  return [...(data?.files ?? [])].filter(({ type }) => type.startsWith('image/'))
}
