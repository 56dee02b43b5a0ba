/** The page's title: how many wait for anybody, and how many were handed over and not looked at, before the name. */
export function titleOf(
  { waiting, handed }: { waiting: number; handed: number },
  words: { waiting: string; handed: string; name: string },
): string {
  const parts = [
    ...(waiting > 0 ? [`(${waiting}) ${words.waiting}`] : []),
    ...(handed > 0 ? [`(${handed}) ${words.handed}`] : []),
  ]
  return [...parts, words.name].join(' · ')
}

/** Puts a red dot on the page's icon while anything calls. */
export function createIconDot(document: Document): (on: boolean) => void {
  const link = document.querySelector<HTMLLinkElement>('link[rel=icon]')
  const plain = link?.href ?? ''
  let dotted: string | undefined
  let wanted = false

  async function draw(): Promise<string | undefined> {
    const image = new Image(64, 64)
    image.src = plain
    await image.decode()
    const canvas = document.createElement('canvas')
    Object.assign(canvas, { width: 64, height: 64 })
    const context = canvas.getContext('2d')
    if (!context) return undefined
    context.drawImage(image, 0, 0, 64, 64)
    context.beginPath()
    context.arc(47, 17, 15, 0, 2 * Math.PI)
    Object.assign(context, { fillStyle: '#c4320a', strokeStyle: '#ffffff', lineWidth: 5 })
    context.stroke()
    context.fill()
    return canvas.toDataURL('image/png')
  }

  return (on) => {
    wanted = on
    if (!link) return
    if (!on) {
      link.href = plain
      return
    }
    void (async () => {
      dotted ??= await draw().catch(() => undefined)
      if (wanted && dotted !== undefined) link.href = dotted
    })()
  }
}
