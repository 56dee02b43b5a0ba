/** What a clipboard or a drag brings. */
export interface Brought {
  readonly plain: string
  readonly html: string
  readonly files: readonly File[]
  /** Whether there is anything at all. */
  readonly isAnything: boolean
}

export interface Wanted {
  /** The text, where there is one: cells of a table bring a picture of themselves besides. */
  readonly text: string
  /** Whether the browser would put that text in by itself. */
  readonly isPlain: boolean
  /** Pictures, where there is nothing else. */
  readonly pictures: readonly File[]
  /** Whether there is something that is neither. */
  readonly hasOther: boolean
}

export function broughtBy(data: DataTransfer | null): Brought {
  return {
    plain: data?.getData('text/plain') ?? '',
    html: data?.getData('text/html') ?? '',
    files: [...(data?.files ?? [])],
    isAnything: (data?.types.length ?? 0) > 0,
  }
}

/** What of it the composer takes: text where there is text, a picture where there is nothing else. */
export function wantedOf({ plain, html, files, isAnything }: Brought): Wanted {
  const pictures = files.filter(({ type }) => type.startsWith('image/'))
  if (plain.trim() !== '' && !isNameOf(plain, files))
    return { text: plain, isPlain: true, pictures: [], hasOther: false }
  const text = files.length > 0 || plain.trim() !== '' ? textOfHtml(html) : textOfHtml(html) || plain
  if (text.trim() !== '') return { text, isPlain: false, pictures: [], hasOther: false }
  return {
    text: '',
    isPlain: false,
    pictures,
    hasOther: files.length > pictures.length || (pictures.length === 0 && isAnything && plain === ''),
  }
}

/** Whether a text only says what the files are called, as file managers have it. */
function isNameOf(text: string, files: readonly File[]): boolean {
  const lines = text.trim().split(/\r?\n/)
  const names = new Set(files.map(({ name }) => name))
  return names.size > 0 && lines.every((line) => names.has(decoded(line).split(/[\\/]/).at(-1) ?? ''))
}

function decoded(address: string): string {
  if (!address.startsWith('file:')) return address
  try {
    return decodeURIComponent(address)
  } catch {
    return address
  }
}

/** The text of a piece of HTML, of which nothing is run or fetched. */
function textOfHtml(html: string): string {
  if (html === '') return ''
  const { body } = new DOMParser().parseFromString(html, 'text/html')
  for (const hidden of body.querySelectorAll('style, script, title')) hidden.remove()
  return body.textContent.trim()
}
