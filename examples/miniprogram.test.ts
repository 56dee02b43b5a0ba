import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { runInNewContext, Script } from 'node:vm'
import { SaxesParser } from 'saxes'
import { describe, expect, it } from 'vitest'

const root = new URL('miniprogram/', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
const endingWith = (extension: string): string[] => files.filter((file) => file.endsWith(extension))

interface AppJson {
  pages: string[]
  sitemapLocation: string
}
const app = JSON.parse(read('app.json')) as AppJson

interface Element {
  name: string
  attributes: Record<string, string>
}

/** WXML is close enough to XML, as long as every attribute has a value. */
function elementsOf(wxml: string): Element[] {
  const elements: Element[] = []
  const parser = new SaxesParser({ fragment: true })
  parser.on('error', (error) => {
    throw error
  })
  parser.on('opentag', ({ name, attributes }) =>
    elements.push({ name, attributes: attributes as Record<string, string> }),
  )
  parser.write(wxml).close()
  return elements
}

describe('the Mini Program', () => {
  it.each(endingWith('.json'))('has JSON that parses in %s', (file) => {
    expect(JSON.parse(read(file))).toBeTypeOf('object')
  })

  it.each(endingWith('.js'))('has JavaScript that parses in %s', (file) => {
    expect(() => new Script(read(file), { filename: file })).not.toThrow()
  })

  it.each(endingWith('.wxml'))('has pages that parse and pictures that are there in %s', (file) => {
    const pictures = elementsOf(read(file)).filter(({ name }) => name === 'image')
    for (const { attributes } of pictures)
      expect(files).toContain(String(attributes['src']).replace(/^\//, ''))
  })

  it('opens without an AppID, as a visitor', () => {
    expect(JSON.parse(read('project.config.json'))).toMatchObject({
      appid: 'touristappid',
      compileType: 'miniprogram',
    })
  })

  it('has each page of app.json, with its four files, and no other', () => {
    for (const page of app.pages)
      for (const extension of ['js', 'json', 'wxml', 'wxss'])
        expect(existsSync(new URL(`${page}.${extension}`, root)), `${page}.${extension}`).toBe(true)
    expect(endingWith('.wxml').sort()).toEqual(app.pages.map((page) => `${page}.wxml`).sort())
    expect(files).toContain(app.sitemapLocation)
  })
})

// https://developers.weixin.qq.com/miniprogram/dev/component/button
const CONTACT_ATTRIBUTES = [
  'open-type',
  'session-from',
  'send-message-title',
  'send-message-path',
  'send-message-img',
  'show-message-card',
  'bindcontact',
]

describe('the contact button', () => {
  const buttonOf = (page: string): Record<string, string> => {
    const button = elementsOf(read(`${page}.wxml`)).find(({ name }) => name === 'button')
    if (!button) throw new Error(`${page} has no button`)
    return button.attributes
  }

  it('has all the attributes that WeChat documents on the first page, and no other on any', () => {
    expect(Object.keys(buttonOf('pages/index/index'))).toEqual(expect.arrayContaining(CONTACT_ATTRIBUTES))
    for (const page of app.pages)
      expect(['class', ...CONTACT_ATTRIBUTES]).toEqual(expect.arrayContaining(Object.keys(buttonOf(page))))
  })

  it('is for customer service on every page, and names a handler that the page has', () => {
    for (const page of app.pages) {
      const button = buttonOf(page)
      expect(button['open-type']).toBe('contact')
      expect(pageOf(page, []).page[String(button['bindcontact'])]).toBeTypeOf('function')
    }
  })

  it('offers to send a card of a page and with a picture that are there', () => {
    const { 'send-message-path': path = '', 'send-message-img': picture = '' } = buttonOf('pages/index/index')
    expect(app.pages).toContain(path.replace(/^\//, '').split('?')[0])
    expect(files).toContain(picture.replace(/^\//, ''))
  })
})

type Handler = (this: Page, argument?: unknown) => void
type Page = Record<string, Handler> & { setData?: unknown }

/** Loads a page as WeChat does, far enough to call its handlers; `opened` takes what it navigates to. */
function pageOf(path: string, opened: string[]): { page: Page; data: Record<string, unknown> } {
  const pages: Page[] = []
  const load = (file: string): unknown => {
    const module = { exports: {} }
    runInNewContext(read(file), {
      module,
      require: (relative: string) => load(new URL(relative, new URL(file, 'file:///')).pathname.slice(1)),
      Page: (page: Page) => pages.push(page),
      wx: { navigateTo: ({ url }: { url: string }) => opened.push(url) },
    })
    return module.exports
  }
  load(`${path}.js`)
  const [page] = pages
  if (!page) throw new Error(`${path}.js registers no page`)
  const data: Record<string, unknown> = {}
  page.setData = (changes: object) => Object.assign(data, changes)
  return { page, data }
}

describe('a card of the conversation', () => {
  it.each(app.pages)('opens its page when the customer comes back by it to %s', (path) => {
    const opened: string[] = []
    const { page } = pageOf(path, opened)
    page['onContact']?.({ detail: { path: 'pages/order/detail', query: { id: '1024', from: 'a&b' } } })
    expect(opened).toEqual(['/pages/order/detail?id=1024&from=a%26b'])
  })

  it('opens nothing when the customer comes back without one', () => {
    const opened: string[] = []
    pageOf('pages/index/index', opened).page['onContact']?.({ detail: { path: '', query: {} } })
    expect(opened).toEqual([])
  })

  it('finds the order that it is about on the page that it opens', () => {
    const { page, data } = pageOf('pages/order/detail', [])
    page['onLoad']?.({ id: '1024' })
    expect(data).toEqual({ id: '1024' })
  })
})

describe('HarmonyOS, which has no contact button', () => {
  /** What the page's file does on such a phone; `corpId` as somebody has filled it in. */
  function onHarmony(path: string, corpId = ''): { page: Page & { data?: object }; called: unknown[] } {
    const called: unknown[] = []
    const pages: Page[] = []
    const load = (file: string): unknown => {
      const module = { exports: {} }
      runInNewContext(read(file).replace("const corpId = ''", `const corpId = '${corpId}'`), {
        module,
        require: (relative: string) => load(new URL(relative, new URL(file, 'file:///')).pathname.slice(1)),
        Page: (page: Page) => pages.push(page),
        wx: {
          getDeviceInfo: () => ({ platform: 'ohos' }),
          openCustomerServiceChat: (options: object) => called.push(['chat', options]),
          showModal: () => called.push(['modal']),
        },
      })
      return module.exports
    }
    load(`${path}.js`)
    return { page: pages[0] ?? {}, called }
  }

  it.each(app.pages)('has another button in its place on %s', (path) => {
    const [, other] = elementsOf(read(`${path}.wxml`)).filter(({ name }) => name === 'button')
    expect(other?.attributes).toMatchObject({ 'wx:if': '{{isWithoutButton}}', bindtap: 'openChat' })
    expect(onHarmony(path).page.data).toMatchObject({ isWithoutButton: true })
  })

  it('opens 微信客服 where it is set up, and says what else there is where it is not', () => {
    const set = onHarmony('pages/index/index', 'ww1')
    set.page['openChat']?.()
    expect(set.called).toMatchObject([['chat', { corpId: 'ww1', extInfo: { url: '' } }]])
    const unset = onHarmony('pages/index/index')
    unset.page['openChat']?.()
    expect(unset.called).toEqual([['modal']])
  })
})
