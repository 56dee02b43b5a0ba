import goods from './assets/goods.svg'

/** What WeChat takes as a picture. */
const accepted = new Set(['image/png', 'image/jpeg', 'image/gif'])
/** The longest side of a picture that has to be made anew, in pixels. */
const longestSide = 2048
/** A Mini Program card's cover: /miniprogram/dev/framework/open-ability/customer-message/send */
const cover = { width: 520, height: 416 }

/** The picture as WeChat takes one: PNG, JPEG and GIF as they are, whatever else the browser can read as JPEG. */
export async function uploadable(file: Blob): Promise<Blob> {
  if (accepted.has(file.type)) return file
  const bitmap = await createImageBitmap(file).catch(() => null)
  // What is no picture at all goes as it is: the emulator says so in its own words.
  if (bitmap === null) return file
  const scale = Math.min(1, longestSide / Math.max(bitmap.width, bitmap.height))
  return draw(bitmap, Math.round(bitmap.width * scale), Math.round(bitmap.height * scale), 'image/jpeg')
}

/** The goods' picture as a card's cover: what a real phone takes from the page as a screenshot. */
export async function cardCover(): Promise<Blob> {
  const image = new Image()
  image.src = goods
  await image.decode()
  return draw(image, cover.width, cover.height, 'image/jpeg')
}

async function draw(image: CanvasImageSource, width: number, height: number, type: string): Promise<Blob> {
  const canvas = document.createElement('canvas')
  Object.assign(canvas, { width, height })
  canvas.getContext('2d')?.drawImage(image, 0, 0, width, height)
  return new Promise((resolve, reject) => {
    canvas.toBlob(
      (blob) => {
        if (blob === null) reject(new Error('The picture could not be drawn.'))
        else resolve(blob)
      },
      type,
      0.88,
    )
  })
}
