import { expect, it } from 'vitest'
import { looksLikePush } from './route-hints.js'

it.each([
  ['signature=a&timestamp=1&nonce=2', true],
  ['msg_signature=a&timestamp=1&nonce=2&encrypt_type=aes', true],
  ['signature=a&timestamp=1&nonce=2&echostr=3', true],
  ['signature=a&timestamp=1', false],
  ['timestamp=1&nonce=2', false],
  ['design_signature=a&timestamp=1&nonce=2', false],
  ['', false],
])('knows what asks as WeChat’s pusher does: %s', (querystring, expected) => {
  expect(looksLikePush(querystring)).toBe(expected)
})
