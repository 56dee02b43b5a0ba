import { expect, it } from 'vitest'
import { restorePush } from '../src/wechat/index.js'
import { unreadableWords } from '../web/desk/admin/run/unreadable-words.js'

const lead = '<xml><FromUserName>o1</FromUserName><MsgType>text</MsgType>'

it.each([
  ['你好', 'neither'],
  ['{"a":', 'json'],
  [`{"MsgType":"text","a":${'['.repeat(20)}${']'.repeat(20)}}`, 'deep'],
  ['{"FromUserName":"o1"}', 'kind'],
  ['{"MsgType":"event"}', 'kind'],
  ['{"MsgType":"text","Content":"x"}', 'sender'],
  ['{"FromUserName":"o1","MsgType":"text","Content":["x"]}', 'twice'],
  ['{"FromUserName":"o1","MsgType":"text","MsgType":"text"}', 'twice'],
  [`${lead}<Content><![CDATA[a]]></Content><Content><![CDATA[b]]></Content><b/></xml>`, 'ends'],
  ['<!DOCTYPE xml><xml></xml>', 'xml'],
])('%s is said in the page’s words', (plaintext, word) => {
  const { unreadable } = restorePush({ appId: 'wx1', plaintext })
  expect(unreadableWords(unreadable?.problem ?? '')).toBe(`run.unreadable.${word}`)
})

it('says in general what is new to the page', () => {
  expect(unreadableWords('Another sentence.')).toBe('run.unreadable.other')
})
