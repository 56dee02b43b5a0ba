import type { OutgoingMessage } from '../wechat/index.js'
import type { Reply } from './rule-set.js'
import { encodeForUrl, parseTemplate, render, type Values } from './template.js'

/** A reply, ready to be written out for a customer. */
export interface CompiledReply {
  /** Whether it needs what the expression found. */
  readonly usesMatch: boolean
  /** Undefined where the text comes out blank, which WeChat refuses. */
  write(values: Values): OutgoingMessage | undefined
}

/** Takes a reply's templates apart. In addresses and page paths values are escaped, so that each stays one part. */
export function compileReply(reply: Reply): CompiledReply {
  const ai = reply.isAiMsg === undefined ? {} : { isAiMsg: reply.isAiMsg }
  if ('text' in reply) {
    const content = parseTemplate(reply.text)
    return {
      usesMatch: content.usesMatch,
      write(values) {
        const text = render(content, values)
        return text.trim() === '' ? undefined : { msgType: 'text', content: text, ...ai }
      },
    }
  }
  if ('image' in reply) {
    const message = { msgType: 'image', mediaId: reply.image.mediaId, ...ai } as const
    return { usesMatch: false, write: () => message }
  }
  if ('link' in reply) {
    const { thumbUrl } = reply.link
    const title = parseTemplate(reply.link.title)
    const description = parseTemplate(reply.link.description)
    const url = parseTemplate(reply.link.url)
    return {
      usesMatch: title.usesMatch || description.usesMatch || url.usesMatch,
      write: (values) => ({
        msgType: 'link',
        title: render(title, values),
        description: render(description, values),
        url: render(url, values, encodeForUrl),
        thumbUrl,
        ...ai,
      }),
    }
  }
  const { thumbMediaId } = reply.miniprogrampage
  const title = parseTemplate(reply.miniprogrampage.title)
  const pagePath = parseTemplate(reply.miniprogrampage.pagePath)
  return {
    usesMatch: title.usesMatch || pagePath.usesMatch,
    write: (values) => ({
      msgType: 'miniprogrampage',
      title: render(title, values),
      pagePath: render(pagePath, values, encodeForUrl),
      thumbMediaId,
      ...ai,
    }),
  }
}

/** A reply's texts by their key, and whether placeholders may stand there. */
export function textsOf(reply: Reply): { path: string[]; source: string; template: boolean }[] {
  if ('text' in reply) return [{ path: ['text'], source: reply.text, template: true }]
  if ('image' in reply) return fields('image', reply.image, [])
  if ('link' in reply) return fields('link', reply.link, ['title', 'description', 'url'])
  return fields('miniprogrampage', reply.miniprogrampage, ['title', 'pagePath'])
}

function fields(
  form: string,
  values: Readonly<Record<string, string>>,
  templates: readonly string[],
): { path: string[]; source: string; template: boolean }[] {
  return Object.entries(values).map(([key, source]) => ({
    path: [form, key],
    source,
    template: templates.includes(key),
  }))
}
