import { describe, expect, it } from 'vitest'
import { pretty, prettyText } from './pretty.js'

describe('pretty', () => {
  it('indents JSON and keeps each digit of a 64-bit id', () => {
    const body =
      '{"MsgId":22876340532172987,"Content":"a, {b}: \\"c\\"","List":[],"O":{},"n":[1,-2.5,true,null]}'
    expect(prettyText(body)).toBe(
      [
        '{',
        '  "MsgId": 22876340532172987,',
        '  "Content": "a, {b}: \\"c\\"",',
        '  "List": [],',
        '  "O": {},',
        '  "n": [',
        '    1,',
        '    -2.5,',
        '    true,',
        '    null',
        '  ]',
        '}',
      ].join('\n'),
    )
  })

  it('tells keys, strings, numbers and words apart', () => {
    expect(pretty('{"a":"b","c":1,"d":true}').filter((token) => token.kind !== 'mark')).toEqual([
      { kind: 'key', text: '"a"' },
      { kind: 'string', text: '"b"' },
      { kind: 'key', text: '"c"' },
      { kind: 'number', text: '1' },
      { kind: 'key', text: '"d"' },
      { kind: 'word', text: 'true' },
    ])
  })

  it('indents XML and leaves what is inside CDATA alone', () => {
    const body =
      '<xml><ToUserName><![CDATA[gh_1]]></ToUserName><MsgId>22876340532172987</MsgId>' +
      '<Content><![CDATA[<b>]]]]><![CDATA[>]]></Content><List><X>1</X></List></xml>'
    expect(prettyText(body)).toBe(
      [
        '<xml>',
        '  <ToUserName><![CDATA[gh_1]]></ToUserName>',
        '  <MsgId>22876340532172987</MsgId>',
        '  <Content><![CDATA[<b>]]]]><![CDATA[>]]></Content>',
        '  <List>',
        '    <X>1</X>',
        '  </List>',
        '</xml>',
      ].join('\n'),
    )
  })

  it.each(['success', '', '{"broken', '<!doctype html><h1>502</h1>', '  two  spaces '])(
    'leaves %j as it is',
    (body) => {
      expect(prettyText(body)).toBe(body)
    },
  )
})
