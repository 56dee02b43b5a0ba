import { asMessage, readReply, type OutgoingMessage, type ReplyForm } from '../wechat/index.js'
import { encodeForUrl, parseTemplate, render, type Values } from './template.js'

/** A reply, ready to be written out for a customer. */
export interface CompiledReply {
  /** Whether it needs what the expression found. */
  readonly usesMatch: boolean
  /** Undefined where the text comes out blank, which WeChat refuses. */
  write(values: Values): OutgoingMessage | undefined
}

/** Takes a reply's templates apart. In addresses and page paths values are escaped, so that each stays one part. */
export function compileReply(reply: ReplyForm): CompiledReply {
  const { type, texts } = readReply(reply)
  const ai = reply.isAiMsg === undefined ? {} : { isAiMsg: reply.isAiMsg }
  const fields = texts.map(({ name, field: { kind, takesPlaceholders }, text }) => {
    const template = takesPlaceholders ? parseTemplate(text) : undefined
    const encode = kind === 'address' || kind === 'page' ? encodeForUrl : undefined
    return { name, template, write: (values: Values) => (template ? render(template, values, encode) : text) }
  })
  return {
    usesMatch: fields.some(({ template }) => template?.usesMatch === true),
    write(values) {
      const written: Record<string, string> = {}
      for (const { name, write } of fields) {
        const text = write(values)
        if (type.isBare && text.trim() === '') return undefined
        written[name] = text
      }
      return { ...asMessage(type.msgType, written), ...ai }
    },
  }
}

/** A reply's texts by their key, and whether placeholders may stand there. */
export function textsOf(reply: ReplyForm): { path: string[]; source: string; template: boolean }[] {
  const { type, texts } = readReply(reply)
  return texts.map(({ name, field, text }) => ({
    path: type.isBare ? [type.msgType] : [type.msgType, name],
    source: text,
    template: field.takesPlaceholders,
  }))
}
