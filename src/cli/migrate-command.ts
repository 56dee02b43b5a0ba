import { join } from 'node:path'
import { SecretBox } from '../apps/secret-box.js'
import { forgetSecrets, sealingKey } from '../apps/secrets.js'
import type { Config } from '../config/config.js'
import { readSecretKey } from '../config/secret-key.js'
import { ConfigError } from '../errors.js'
import { callControl } from '../server/control-client.js'
import { openDatabase } from '../server/database.js'
import { rotateKey, type Rotated } from '../server/key-rotation.js'
import type { Store } from '../store/index.js'

/**
 * Brings the database up to date; with KEFU_OLD_SECRET_KEY, seals its secrets with the key that is here now. Throws
 * ConfigError when it can't be.
 */
export async function runMigrate(config: Config, options: { forgetSecrets?: true }): Promise<string[]> {
  const answer = await callControl(config.dataDir, 'status', null)
  if (answer.running && config.databaseUrl.startsWith('file:')) {
    if (options.forgetSecrets)
      return ['请先停止服务，再忘记密钥。 Stop the server first, then forget its secrets.']
    if (config.oldSecretKey)
      throw new ConfigError(
        '服务正在运行。请先停止服务，再更换密钥（kefu migrate）。 ' +
          'The server runs. Stop it first, then change the key (kefu migrate).',
      )
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
    } else lines.push(...(await changeKey(config, store)))
    return lines
  } finally {
    await store.close()
  }
}

async function changeKey({ dataDir, secretKey, oldSecretKey }: Config, store: Store): Promise<string[]> {
  const file = join(dataDir, 'secret.key')
  if (oldSecretKey) {
    const rotated = await rotateKey({ store, oldKey: oldSecretKey, configured: secretKey, file })
    return [...rotatedLines(rotated), ...keptLines(secretKey, await readSecretKey(file))]
  }
  const known = await sealingKey(store)
  const key = secretKey ?? (await readSecretKey(file))
  if (known !== undefined && key && new SecretBox(key).keyId !== known)
    throw new ConfigError(
      `数据库是用另一把密钥加密的，不是 ${secretKey ? 'KEFU_SECRET_KEY' : file}。要换成现在这把：把旧密钥设为 KEFU_OLD_SECRET_KEY，再运行 kefu migrate；否则把旧密钥放回去。 ` +
        `The database is sealed with another key than the one in ${secretKey ? 'KEFU_SECRET_KEY' : file}. To change to this one, give the old one as KEFU_OLD_SECRET_KEY and run kefu migrate; else put the old one back.`,
    )
  return []
}

function rotatedLines({ outcome, sealed, lost }: Rotated): string[] {
  if (outcome === 'nothing')
    return [
      '数据库里还没有加密的内容，无需更换密钥。 Nothing in the database is sealed yet, so no key needs to be changed.',
    ]
  if (outcome === 'before')
    return [
      '早已换成现在的密钥，没有改动；可以去掉 KEFU_OLD_SECRET_KEY。 The key was changed to this one before; nothing was changed now, and KEFU_OLD_SECRET_KEY can go.',
    ]
  return [
    `已用新密钥重新加密 ${sealed} 处内容；请去掉 KEFU_OLD_SECRET_KEY，再启动服务。 ${sealed} values are sealed with the new key: take KEFU_OLD_SECRET_KEY away, and start.`,
    '  旧的备份仍需要旧密钥；浏览器里用旧密钥保存的草稿不能再读取。 Backups of before still need the old key; drafts that browsers kept with it can’t be read any more.',
    ...lost.map(
      (purpose) =>
        `  旧密钥也打不开，保持原样 · the old key did not open it either, and it is as it was: ${purpose}`,
    ),
  ]
}

/** The key file is not read while a key is configured, and an old key that lies about is a risk. */
function keptLines(configured: Buffer | undefined, kept: Buffer | undefined): string[] {
  if (!configured || !kept || kept.equals(configured)) return []
  return [
    '  DATA_DIR/secret.key 不再使用，保存好备份所需的旧密钥后可以删除。 DATA_DIR/secret.key is not used any more: remove it, once the old key is kept for the backups.',
  ]
}
