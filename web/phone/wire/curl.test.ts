import { expect, it } from 'vitest'
import { curl } from './curl.js'

it('quotes what a shell would read, and leaves out what curl writes itself', () => {
  expect(
    curl({
      method: 'POST',
      url: 'http://127.0.0.1:3000/wechat?a=1&b=2',
      headers: { 'Content-Type': 'application/json', 'Content-Length': '9' },
      body: `{"a":"it's"}`,
    }),
  ).toBe(
    [
      `curl -X POST 'http://127.0.0.1:3000/wechat?a=1&b=2'`,
      `-H 'Content-Type: application/json'`,
      `--data-binary '{"a":"it'\\''s"}'`,
    ].join(' \\\n  '),
  )
})
