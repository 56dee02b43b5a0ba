import type { Config } from '../config/config.js'
import { pushUrl } from '../apps/push-url.js'
import type { Running } from '../server/start.js'

/** Returns the lines for a person when the service runs: its address, the settings for WeChat, and the missing ones. */
export function banner(
  config: Config,
  running: Pick<Running, 'url' | 'apps' | 'engine' | 'rules' | 'setupUrl'>,
): string[] {
  const rows = [
    row('服务 service', running.url),
    ...running.apps.map(({ appId, name }) =>
      row('推送 push URL', `${pushUrl(config, appId)}${name === appId ? '' : `   ${name}`}`),
    ),
    row('数据 database', running.engine),
  ]
  if (running.apps.length > 0)
    rows.push(
      '',
      '  把推送 URL 填到 mp.weixin.qq.com › 开发管理 › 消息推送，数据格式选 JSON，加密方式选安全模式。',
      '  Paste the push URL at mp.weixin.qq.com › 开发管理 › 消息推送: data format JSON, secure mode (安全模式).',
    )
  const missing = whatIsMissing(config, running)
  return [
    '',
    '  kefu 已启动 · running',
    '',
    ...rows,
    ...(running.setupUrl === undefined ? [] : ['', ...setupLines(running.setupUrl)]),
    ...(missing.length > 0 ? ['', '  还缺 · still missing', ...missing.map((line) => `  ! ${line}`)] : []),
    '',
    '  kefu doctor 检查全部环节；Ctrl+C 结束。 kefu doctor checks all of it; Ctrl+C ends it.',
    '',
  ]
}

/** The desk's page that leads through connecting a Mini Program. */
export function guideOf(url: string): string {
  return `${url}/#/admin/guide`
}

/** Where to make the first admin. */
export function setupLines(url: string): string[] {
  return ['  创建第一个管理员（链接只能用一次） · make the first admin, the link works once:', `  ${url}`]
}

/** Returns the missing settings, in both languages, each with its remedy. */
export function whatIsMissing(
  config: Config,
  { url, apps, rules, setupUrl }: Pick<Running, 'url' | 'apps' | 'rules' | 'setupUrl'>,
): string[] {
  const missing: string[] = []
  if (apps.length === 0)
    missing.push(
      setupUrl === undefined
        ? `还没有接入小程序：用管理员登录 ${guideOf(url)} 并按向导操作 · no Mini Program yet: sign in there as an admin and follow the guide`
        : '还没有接入小程序：打开 kefu 打印的链接创建管理员，然后按向导操作 · no Mini Program yet: open the link that kefu prints, make the first admin, and follow the guide',
    )
  if (config.publicUrl === undefined)
    missing.push(
      'KEFU_PUBLIC_URL：微信访问本服务的公网地址，如 https://kefu.example.com · the public address that WeChat calls',
    )
  else if (!/^(http:\/\/[^:]+(:80)?|https:\/\/[^:]+(:443)?)$/.test(config.publicUrl))
    missing.push(
      'KEFU_PUBLIC_URL：微信只推送到 http 的 80 端口和 https 的 443 端口 · WeChat pushes only to port 80 (http) and 443 (https)',
    )
  for (const { appId, mode } of apps)
    if (mode !== 'secure')
      missing.push(
        `${appId}：加密方式不是安全模式，推送内容可被伪造 · mode is ${mode}: a push’s content can be forged; choose 安全模式`,
      )
  if (rules === 0 && config.botModule === undefined)
    missing.push(
      '没有规则和 KEFU_BOT：所有消息都等待人工。在客服台「管理 › 规则」里可以一键使用起步规则 · no rules and no KEFU_BOT: every message waits for people. The desk’s page of rules has some to begin with (or kefu rules import FILE)',
    )
  return missing
}

function row(label: string, value: string): string {
  // A Chinese character is as wide as two Latin ones.
  const width = label.length + label.replace(/[^\u2e80-\uffff]/g, '').length
  return `  ${label}${' '.repeat(Math.max(16 - width, 1))}${value}`
}
