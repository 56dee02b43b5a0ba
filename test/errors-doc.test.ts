import { format, resolveConfig } from 'prettier'
import { describe, expect, it } from 'vitest'
import * as errors from '../src/errors.js'
import type { DecodeProblem, HandlerProblem, MediaProblem, SignatureProblem } from '../src/errors.js'
import { errcodes, explainErrcode, type Retry } from '../src/wechat/errcode.js'

interface Row {
  readonly means: string
  /** What webhook() answers; nothing where no push is concerned. */
  readonly answer?: string
  readonly todo: string
}

// The compiler asks for a row when a class gets a new code.
const signature: Record<SignatureProblem, Row> = {
  missing: {
    means:
      'the query has no `signature`, `msg_signature`, `timestamp`, `nonce` or `echostr`, or has it twice',
    answer: '403',
    todo: 'Nothing, if it is a stranger’s request. If it is WeChat’s: a proxy drops or changes the query',
  },
  mismatch: {
    means: 'the signature is not made with our token, or the body cannot be what was signed',
    answer: '403',
    todo: 'Compare the Token (令牌) with mp.weixin.qq.com › 开发管理 › 消息推送',
  },
  stale: {
    means: 'the timestamp is too far from our clock: a replay, or a clock that is wrong',
    answer: '403',
    todo: 'Set the machine’s clock; `maxAgeSeconds` (`WECHAT_PUSH_MAX_AGE`) says how far is too far',
  },
  plaintext: {
    means: 'the push is in plain text where secure mode is configured',
    answer: '403',
    todo: 'Choose 安全模式 at mp.weixin.qq.com, or configure the mode that is chosen there (`WECHAT_MODE`)',
  },
}

const decode: Record<DecodeProblem, Row> = {
  too_large: { means: 'the body is larger than 64 KiB, which no push is', answer: '413', todo: 'Nothing' },
  format: {
    means: 'signed, but neither the JSON nor the XML of a push',
    answer: '400',
    todo: 'Look at what stands between WeChat and kefu; if it is WeChat’s own, report it with the log line',
  },
  decrypt: {
    means: 'signed, but the EncodingAESKey does not open it',
    answer: '400',
    todo: 'Copy the EncodingAESKey from mp.weixin.qq.com › 开发管理 › 消息推送 again',
  },
  app_id: {
    means: 'encrypted for another appid',
    answer: '400',
    todo: 'Check which Mini Program has this URL, and the appid configured here',
  },
  key: {
    means: 'encrypted, and no EncodingAESKey is configured',
    answer: '400',
    todo: 'Configure the EncodingAESKey (`WECHAT_ENCODING_AES_KEY`)',
  },
}

const media: Record<MediaProblem, Row> = {
  unreadable: { means: 'the file cannot be read, or is empty', todo: 'Check its path and permissions' },
  unsupported: { means: 'the file is no PNG, JPG or GIF', todo: 'Convert it' },
  too_large: { means: 'the file is larger than 2 MB', todo: 'Make it smaller' },
}

const handler: Record<HandlerProblem, Row> = {
  threw: {
    means: 'a handler threw; `cause` is what it threw',
    answer: '`success`',
    todo: 'Mend the handler',
  },
  timeout: {
    means: 'a handler took longer than its time, or went on after it',
    answer: '`success`',
    todo: 'Take slow work out of the handler, or give it more time (`handlerTimeoutMs`)',
  },
  late: {
    means: '`ctx.transfer()` came after the push was answered',
    answer: '`success`',
    todo: 'Decide before slow work, or reply instead',
  },
  misuse: {
    means: 'the handler asked for what cannot be done',
    answer: '`success`',
    todo: 'The message says what, and what to do instead',
  },
  business: {
    means: '`ctx.reply()` in the session of a sub-merchant (`BusinessId`), where kefu cannot reply',
    answer: '`success`',
    todo: 'Use `ctx.transfer()`, or reply in WeChat’s own tool',
  },
}

const classes: Record<string, { readonly who: string; readonly rows: Readonly<Record<string, Row>> }> = {
  ConfigError: {
    who: 'the configuration',
    rows: {
      config: {
        means: 'a setting cannot work; thrown where it is given',
        answer: '500, where only a push could show it',
        todo: 'The message says what is wrong and what it should look like',
      },
    },
  },
  SignatureError: { who: 'the request: not shown to be WeChat’s, or to be of now', rows: signature },
  DecodeError: { who: 'the request: WeChat’s, and unreadable', rows: decode },
  ApiError: {
    who: 'WeChat said no',
    rows: {
      api: {
        means: 'the answer has an `errcode`; `errmsg`, `rid` and `reason` (its name below) are beside it',
        todo: 'See the errcode below; with the `rid`, `Api.getRid` and WeChat’s support find the call',
      },
    },
  },
  NetworkError: {
    who: 'the network',
    rows: {
      network: {
        means: 'no answer that can be read; `accepted` is `no` where the request never left, else `unknown`',
        todo: 'After `no` send it again. After `unknown` WeChat may have sent it already: let a person decide',
      },
    },
  },
  MediaError: { who: 'a file to upload', rows: media },
  HandlerError: { who: 'your code', rows: handler },
}

const retries: Record<Retry, string> = {
  token: 'kefu fetches a new access token and sends once more',
  busy: 'kefu sends again after a moment, three times at most',
  later: 'it can be sent again when the limit has passed',
  edit: 'it can be sent when the message or the arguments are changed',
  fix: 'an administrator must change something first',
  never: 'it would be refused again',
}

const anchor = (name: string): string => `<a id="${name}"></a>`

/** A class with several codes has an anchor for each of them, behind its own first word. */
function anchorOf(name: string, code: string): string {
  const first = name.replace(/Error$/, '').toLowerCase()
  return first === code ? code : `${first}-${code}`
}

async function errorsPage(): Promise<string> {
  const cells = (...row: readonly (string | number)[]): string =>
    `| ${row.map((cell) => String(cell).replaceAll('\\', '\\\\').replaceAll('|', '\\|')).join(' | ')} |\n`
  const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
    cells(...head) + cells(...head.map(() => '---')) + rows.map((row) => cells(...row)).join('')

  const page = `# Errors

<!-- Made from src/errors.ts and src/wechat/errcode.ts. To write it anew: npx vitest run test/errors-doc.test.ts -u -->

Every error that kefu throws on purpose is a \`KefuError\`, of a class by who failed, with a \`code\` for programs and a
message for people: what failed, why if known, and what to do. None holds a secret, a token or a customer's text. Its
\`docs\` leads to its row here, \`docs/errors.md#45015\`; the package has this page in \`node_modules/kefu/docs\`.

An \`ApiError\` says the table's words in English, or in Chinese: \`new Api({ language: 'zh' })\`, as \`settingsFrom(process.env)\` does where
\`LC_ALL\`, \`LC_MESSAGES\` or \`LANG\` begins with zh. \`errorsUrl\` (\`KEFU_ERRORS_URL\`) is the address of this page where a site shows it.

${table(
  ['Class', '`code`', 'What it means', '`webhook()` answers', 'What to do'],
  Object.entries(classes).flatMap(([name, { who, rows }]) => [
    [`**\`${name}\`**`, '', `**${who}**`, '', ''],
    ...Object.entries(rows).map(([code, row]) => [
      '',
      `${anchor(anchorOf(name, code))}\`${code}\``,
      row.means,
      row.answer ?? '',
      row.todo,
    ]),
  ]),
)}
A push that could not be committed is answered 500 too, so that WeChat sends it again.

## WeChat's errcodes

An \`ApiError\` carries WeChat's number as \`errcode\` and the name below as \`reason\`. What can be sent again:

${table(
  ['Retry', 'What it means'],
  Object.entries(retries).map(([retry, means]) => [`\`${retry}\``, means]),
)}
WeChat's numbers are on its API pages, and for some codes only in the tables of the SDKs WxJava and wechatpy.

${table(
  ['Errcode', 'Name', 'Retry', '中文', 'English'],
  [...errcodes, explainErrcode(NaN)].map(({ code, name, retry, zh, en }) => [
    Number.isNaN(code) ? `${anchor('unknown')}其他` : `${anchor(String(code))}${code}`,
    `\`${name}\``,
    `\`${retry}\``,
    zh,
    en,
  ]),
)}`
  const options = await resolveConfig(new URL('../docs/errors.md', import.meta.url))
  return format(page, { ...options, parser: 'markdown' })
}

describe('docs/errors.md', () => {
  it('says what src/errors.ts and src/wechat/errcode.ts say', async () => {
    await expect(await errorsPage()).toMatchFileSnapshot('../docs/errors.md')
  })

  it('has every class that src/errors.ts exports', () => {
    const exported = Object.values(errors)
      .filter((value) => typeof value === 'function')
      .filter((value) => value !== errors.KefuError)
      .map((value) => value.name)
    expect(Object.keys(classes).sort()).toEqual(exported.sort())
  })

  it('has every errcode and each once', async () => {
    const page = await errorsPage()
    for (const { code, name } of errcodes)
      expect(
        page.match(new RegExp(`^\\| <a id="${code}"></a>${code} +\\| \`${name}\``, 'gm')),
        String(code),
      ).toHaveLength(1)
  })

  it('has an anchor for every error, to which its `docs` leads', async () => {
    const page = await errorsPage()
    const path = '/cgi-bin/message/custom/send'
    const answered = (code: number): errors.ApiError => {
      const { name, en } = explainErrcode(code)
      return new errors.ApiError({
        errcode: code,
        errmsg: '',
        rid: undefined,
        path,
        reason: name,
        explanation: en,
      })
    }
    const named = <Code extends string>(rows: Record<Code, Row>): Code[] => Object.keys(rows) as Code[]
    const thrown = [
      new errors.ConfigError(''),
      ...named(signature).map((code) => new errors.SignatureError(code, '')),
      ...named(decode).map((code) => new errors.DecodeError(code, '')),
      ...[...errcodes.map(({ code }) => code), 99_999, NaN].map(answered),
      new errors.NetworkError('', { accepted: 'no', path }),
      ...named(media).map((code) => new errors.MediaError(code, '')),
      ...named(handler).map((code) => new errors.HandlerError(code, '')),
    ]
    const anchors = new Set(
      [...page.matchAll(/<a id="([^"]+)"><\/a>/g)].map(([, id]) => `docs/errors.md#${id ?? ''}`),
    )
    for (const { docs } of thrown) expect(anchors).toContain(docs)
    const reached = new Set(thrown.map(({ docs }) => docs))
    // `ApiError` leads to its errcode, never to the row of its class.
    expect([...anchors].filter((one) => !reached.has(one))).toEqual(['docs/errors.md#api'])
  })
})
