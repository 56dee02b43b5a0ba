import type { Config } from '../config/config.js'
import { callControl } from '../server/control-client.js'
import { openDatabase } from '../server/database.js'
import { forgetSecrets } from '../apps/secrets.js'

/** Brings the database up to date. Throws ConfigError when it can't be. */
export async function runMigrate(config: Config, options: { forgetSecrets?: true }): Promise<string[]> {
  const answer = await callControl(config.dataDir, 'status', null)
  if (answer.running && config.databaseUrl.startsWith('file:')) {
    if (options.forgetSecrets)
      return ['请先停止服务，再忘记密钥。 Stop the server first, then forget its secrets.']
    return [
      '服务正在运行，启动时已升级数据库。 The running server brought the database up to date when it started.',
    ]
  }
  const store = await openDatabase(config)
  try {
    const ran = await store.migrate()
    const lines = [
      ran.length === 0
        ? `数据库已是最新。 The database is up to date (${store.engine}).`
        : `数据库已升级。 The database was brought up to date (${store.engine}): ${ran.join(', ')}`,
    ]
    if (options.forgetSecrets) {
      await forgetSecrets(store)
      lines.push(
        '已忘记加密保存的密钥，请在客服台重新添加小程序。 What was sealed is forgotten: enter the Mini Programs of the desk again.',
      )
    }
    return lines
  } finally {
    await store.close()
  }
}
