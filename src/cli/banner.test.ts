import { describe, expect, it } from 'vitest'
import { banner, whatIsMissing } from './banner.js'
import { readConfig } from '../config/config.js'

const shop = { appId: 'wx1', name: '云朵商城', mode: 'secure', source: 'environment' } as const
const running = {
  url: 'http://127.0.0.1:3000',
  apps: [shop],
  engine: 'SQLite 3.45.1 (libsql)',
  rules: 3,
  setupUrl: undefined,
}
const whole = readConfig({ KEFU_PUBLIC_URL: 'https://kefu.example.com' })

describe('the banner', () => {
  it('shows the URL to paste at mp.weixin.qq.com, and where the service is', () => {
    const text = banner(whole, running).join('\n')
    expect(text).toContain('https://kefu.example.com/wechat/wx1   云朵商城')
    expect(text).toContain('http://127.0.0.1:3000')
    expect(text).toContain('SQLite 3.45.1')
    expect(text).not.toContain('missing')
  })

  it('shows where the first admin is made, while there is none', () => {
    const setupUrl = 'http://127.0.0.1:3000/#/setup/token'
    expect(banner(whole, { ...running, setupUrl }).join('\n')).toContain(setupUrl)
    expect(banner(whole, running).join('\n')).not.toContain('setup')
  })

  it('names all that is missing, each with what to do', () => {
    const nothing = { ...running, apps: [], rules: 0 }
    expect(whatIsMissing(readConfig({}), nothing).join('\n')).toMatch(
      /\/#\/admin\/guide[^]*KEFU_PUBLIC_URL[^]*kefu rules import/,
    )
    const first = whatIsMissing(readConfig({}), {
      ...nothing,
      setupUrl: 'http://127.0.0.1:3000/#/setup/token',
    })
    expect(first.join('\n')).toContain('链接创建管理员')
    expect(first.join('\n')).not.toMatch(/setup\/token|WECHAT_/)
    expect(banner(readConfig({}), running).join('\n')).toContain('https://YOUR-HOST/wechat/wx1')
  })

  it.each([[{ KEFU_PUBLIC_URL: 'https://kefu.example.com:8443' }, /443/]])(
    'warns of %j',
    (environment, words) => {
      const missing = whatIsMissing(readConfig(environment), running)
      expect(missing).toEqual([expect.stringMatching(words)])
    },
  )

  it('warns of a mode in which a push’s content can be forged', () => {
    const plain = { ...running, apps: [{ ...shop, mode: 'plain' as const }] }
    expect(whatIsMissing(whole, plain)).toEqual([expect.stringContaining('wx1')])
  })

  it('needs no rules where there is code', () => {
    const config = readConfig({ KEFU_PUBLIC_URL: 'https://kefu.example.com', KEFU_BOT: './bot.js' })
    expect(whatIsMissing(config, { ...running, rules: 0 })).toEqual([])
  })
})
