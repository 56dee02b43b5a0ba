import type { Config } from '../config/config.js'

/** Where WeChat must push to for a Mini Program. */
export function pushUrl(config: Pick<Config, 'publicUrl'>, appId: string): string {
  return `${config.publicUrl ?? 'https://YOUR-HOST'}/wechat/${appId}`
}
