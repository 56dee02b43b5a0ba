/** What a page says: its text with headings as in Markdown, and its title. */
export interface HtmlText {
  readonly title: string
  readonly text: string
}

/** Their content is no markup, and nobody reads it. */
const raw = new Set(['script', 'style', 'noscript', 'textarea', 'iframe', 'xmp', 'noembed', 'noframes'])
/** What stands around a page's own text. */
const around = new Set(['nav', 'footer', 'aside', 'button', 'select', 'svg', 'template', 'dialog'])
/** Questions of lists and of parts that open stand as headings do. */
const headings = new Set(['h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'dt', 'summary'])
const paragraphs = new Set([
  ...['p', 'div', 'section', 'article', 'main', 'header', 'ul', 'ol', 'dl', 'dd', 'table', 'blockquote'],
  ...['form', 'figure', 'figcaption', 'details', 'pre', 'hr', 'body', 'address', 'fieldset'],
])
const lines = new Set(['br', 'li', 'tr', 'caption', 'option'])
const cells = new Set(['td', 'th'])
/** Where these are hidden, their end is written too. */
const hideable = new Set([
  'div',
  'section',
  'span',
  'ul',
  'ol',
  'table',
  'article',
  'form',
  'a',
  'h1',
  'h2',
  'h3',
])

/** How many pieces of markup are read before all else may go first: some milliseconds. */
const SLICE = 4000

/**
 * Returns what a page of the web says, without what is hidden or stands around it. No script is run and nothing is
 * fetched. Each character is looked at a few times at most, whatever the page does; `pause` is called now and then, so
 * that all else goes on.
 */
export async function htmlText(html: string, pause: () => Promise<unknown>): Promise<HtmlText> {
  const whole = await read(html, true, pause)
  if (whole.text !== '') return whole
  // Where a part that stands around the text has no end, it takes all of it along.
  return read(html, false, pause)
}

async function read(html: string, skipsAround: boolean, pause: () => Promise<unknown>): Promise<HtmlText> {
  const reading = new Reading(html, skipsAround)
  for (let count = 1; reading.step(); count++) if (count % SLICE === 0) await pause()
  await pause()
  return { title: reading.title, text: reading.text }
}

/** One way through a page. */
class Reading {
  readonly #html: string
  readonly #skipsAround: boolean
  #at = 0
  #parts: string[] = []
  #title = ''
  /** The name of what is skipped, and how often it stands within itself. */
  #skipped: { readonly name: string; depth: number } | undefined
  #heading: string | undefined
  /** How deep `pre` stands in itself: its white space is meant. */
  #pre = 0
  /** The page's own text, where it says what that is. */
  #main: { readonly name: string; readonly from: number; depth: number } | undefined
  #mainParts: string[] = []

  constructor(html: string, skipsAround: boolean) {
    this.#html = html
    this.#skipsAround = skipsAround
  }

  get title(): string {
    return decoded(this.#title).replaceAll(/\s+/g, ' ').trim()
  }

  get text(): string {
    const own = this.#main ? this.#parts.slice(this.#main.from) : []
    const main = tidy([...this.#mainParts, own.join('')].join('\n\n'))
    return main === '' ? tidy(this.#parts.join('')) : main
  }

  /** Reads up to the end of the next markup; says whether there is more. */
  step(): boolean {
    const html = this.#html
    if (this.#at >= html.length) return false
    const open = html.indexOf('<', this.#at)
    const end = open < 0 ? html.length : open
    this.#say(html.slice(this.#at, end))
    this.#at = end
    if (open >= 0) this.#markup()
    return true
  }

  #markup(): void {
    const html = this.#html
    const next = html[this.#at + 1] ?? ''
    if (html.startsWith('<!--', this.#at)) this.#to('-->', this.#at + 4)
    else if (next === '!' || next === '?') this.#to('>', this.#at + 2)
    else if (next === '/' || /[a-z]/i.test(next)) this.#tag()
    else {
      this.#say('<')
      this.#at++
    }
  }

  /** Goes behind the next of these, or to the end. */
  #to(what: string, from: number): void {
    const found = this.#html.indexOf(what, from)
    this.#at = found < 0 ? this.#html.length : found + what.length
  }

  #tag(): void {
    const end = tagEnd(this.#html, this.#at)
    const tag = this.#html.slice(this.#at + 1, end)
    this.#at = end + 1
    const [, slash, named = ''] = /^(\/?)([a-z][^\s/>]{0,40})/i.exec(tag) ?? []
    const name = named.toLowerCase()
    if (slash === '/') this.#ends(name)
    else this.#begins(name, tag)
  }

  #begins(name: string, tag: string): void {
    if (name === 'title' || raw.has(name)) {
      const from = this.#at
      const close = new RegExp(`</${name}`, 'gi')
      close.lastIndex = from
      const end = close.exec(this.#html)?.index ?? this.#html.length
      // The one of a picture within the page is none of the page's.
      if (name === 'title' && this.#title === '' && !this.#skipped)
        this.#title = this.#html.slice(from, Math.min(end, from + 1000))
      this.#at = end
      return
    }
    if (this.#skipped) {
      if (this.#skipped.name === name && !tag.endsWith('/')) this.#skipped.depth++
      return
    }
    if ((this.#skipsAround && around.has(name)) || (hideable.has(name) && isHidden(tag))) {
      if (!tag.endsWith('/')) this.#skipped = { name, depth: 1 }
      return
    }
    if (this.#main?.name === name) this.#main.depth++
    else if (!this.#main && (name === 'main' || name === 'article'))
      this.#main = { name, from: this.#parts.length, depth: 1 }
    this.#breaks(name, true)
    if (headings.has(name) && this.#heading === undefined) {
      this.#heading = name
      this.#parts.push('\n\n# ')
    }
    if (name === 'pre') this.#pre++
  }

  #ends(name: string): void {
    if (this.#skipped) {
      if (this.#skipped.name === name && --this.#skipped.depth === 0) this.#skipped = undefined
      return
    }
    if (this.#heading === name) {
      this.#heading = undefined
      this.#parts.push('\n\n')
    }
    if (name === 'pre') this.#pre = Math.max(0, this.#pre - 1)
    this.#breaks(name, false)
    if (this.#main?.name === name && --this.#main.depth === 0) {
      // Several articles are all the page's own; `main` is there once, and holds them.
      this.#mainParts.push(this.#parts.slice(this.#main.from).join(''))
      this.#main = undefined
    }
  }

  /** Writes the white space that a part stands in. */
  #breaks(name: string, isBegin: boolean): void {
    // A heading is one line.
    if (this.#heading !== undefined) this.#parts.push(' ')
    else if (paragraphs.has(name)) this.#parts.push('\n\n')
    else if (lines.has(name) && (isBegin || name !== 'br')) this.#parts.push('\n')
    else if (cells.has(name) && !isBegin) this.#parts.push(' ')
  }

  #say(text: string): void {
    if (text === '' || this.#skipped) return
    const said = decoded(text)
    this.#parts.push(
      this.#pre > 0 && this.#heading === undefined ? said : said.replaceAll(/[\s\u00a0]+/g, ' '),
    )
  }
}

/** Where a tag ends: a `>` within an attribute's quotes ends none. */
function tagEnd(html: string, from: number): number {
  let quote = ''
  let before = ''
  for (let at = from + 1; at < html.length; at++) {
    const character = html[at] ?? ''
    if (quote !== '') {
      if (character === quote) quote = ''
    } else if (character === '>') return at
    else if ((character === '"' || character === "'") && before === '=') quote = character
    if (!/\s/.test(character)) before = character
  }
  return html.length
}

function isHidden(tag: string): boolean {
  return /\s(hidden(?=[\s=/]|$)|aria-hidden\s*=\s*["']?true|style\s*=\s*["'][^"']{0,500}display\s*:\s*none)/i.test(
    tag.slice(0, 2000),
  )
}

const entities: Readonly<Record<string, string>> = {
  ...{ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ', ensp: ' ', emsp: ' ', thinsp: ' ' },
  ...{ mdash: '—', ndash: '–', hellip: '…', middot: '·', bull: '•', times: '×', deg: '°', yen: '¥' },
  ...{ ldquo: '“', rdquo: '”', lsquo: '‘', rsquo: '’', laquo: '«', raquo: '»', copy: '©', reg: '®' },
}

function decoded(text: string): string {
  return text.replaceAll(
    /&(?:#x([\da-f]{1,6})|#(\d{1,7})|([a-z]{2,8}));/gi,
    (whole: string, hex?: string, number?: string, name?: string) => {
      if (hex === undefined && number === undefined) return entities[name?.toLowerCase() ?? ''] ?? whole
      const code = hex === undefined ? Number(number) : parseInt(hex, 16)
      return code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)
        ? ''
        : String.fromCodePoint(code)
    },
  )
}

function tidy(text: string): string {
  return (
    text
      .split('\n')
      .map((line) => line.trim())
      // A heading that says nothing is none.
      .filter((line) => line !== '#')
      .join('\n')
      .replaceAll(/\n{3,}/g, '\n\n')
      .trim()
  )
}
