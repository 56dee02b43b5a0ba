import { backUp } from '../server/backup.js'
import type { Config } from '../config/config.js'
import { openDatabase } from '../server/database.js'

/** Backs the database up and says what else belongs to a backup. Throws KefuError. */
export async function runBackup(config: Config, target: string): Promise<string[]> {
  const { dataDir } = config
  const { file, bytes } = await backUp(target, { dataDir, openStore: () => openDatabase(config) })
  const megabytes = (bytes / 1024 / 1024).toFixed(1)
  const key = config.secretKey ? 'KEFU_SECRET_KEY' : `${dataDir}/secret.key`
  return [
    `备份完成，已检查。 Backed up and checked: ${file} (${megabytes} MB)`,
    `  其中的密钥仍是加密的，请另外妥善保存 ${key}。 Secrets in it stay sealed: keep ${key} in another safe place.`,
    `  恢复：停止服务，把该文件放回 DATA_DIR/kefu.db，再启动。 To restore: stop the server, put the file at DATA_DIR/kefu.db, start.`,
  ]
}
