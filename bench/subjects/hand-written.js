/**
 * What a good developer writes by hand for one app: it checks msg_signature (with ===), decrypts, parses, answers.
 * It leaves out what is easily left out: the padding, the appid and the timestamp are not checked, a long MsgId
 * is rounded, the body has no limit, repeats run again, a throwing handler is an error 500, and XML is read by one
 * expression that knows flat fields only.
 */
import { createDecipheriv, createHash } from 'node:crypto'
import Koa from 'koa'
import { secrets } from '../secrets.js'
import { handle, readBody, serve } from './serve.js'

const key = Buffer.from(`${secrets.encodingAESKey}=`, 'base64')
const iv = key.subarray(0, 16)

const app = new Koa()
app.use(async (ctx) => {
  const { msg_signature, timestamp, nonce } = ctx.query
  const { Encrypt } = parse(await readBody(ctx.req))
  if (msg_signature !== sign(secrets.token, timestamp, nonce, Encrypt)) return ctx.throw(403)
  const message = parse(decrypt(Encrypt))
  if (message.MsgType === 'text') handle(message.Content)
  ctx.body = 'success'
})
serve(app.callback())

function sign(...parts) {
  return createHash('sha1').update(parts.sort().join('')).digest('hex')
}

function decrypt(encrypted) {
  const decipher = createDecipheriv('aes-256-cbc', key, iv).setAutoPadding(false)
  const plain = Buffer.concat([decipher.update(encrypted, 'base64'), decipher.final()])
  return plain.toString('utf8', 20, 20 + plain.readUInt32BE(16))
}

function parse(text) {
  return text.startsWith('{') ? JSON.parse(text) : parseXml(text)
}

function parseXml(text) {
  const fields = {}
  for (const [, name, cdata, plain] of text.matchAll(/<(\w+)>(?:<!\[CDATA\[(.*?)\]\]>|([^<]+))<\/\1>/gs))
    fields[name] = cdata ?? plain
  return fields
}
