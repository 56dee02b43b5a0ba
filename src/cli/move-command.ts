import { existsSync } from 'node:fs'
import type { Config } from '../config/config.js'
import { ConfigError } from '../errors.js'
import { callControl } from '../server/control-client.js'
import { openDatabase } from '../server/database.js'
import { moveDatabase, type Moved } from '../server/move.js'
import { openStore, sqlitePath, type Store } from '../store/index.js'
import { MoveLines } from './move-lines.js'

/** Moves the configured SQLite database to PostgreSQL; gives what to tell a person. Throws KefuError. */
export async function runMove(
  config: Config,
  terminal: { readonly isTTY?: boolean; write(text: string): unknown },
): Promise<string[]> {
  const { moveTo } = config
  if (moveTo === undefined)
    throw new ConfigError(
      '请给出目标数据库：kefu move postgres://…，或设置 KEFU_MOVE_TO（密码不会出现在进程列表中）。 ' +
        'Name the target: kefu move postgres://…, or KEFU_MOVE_TO, which keeps its password out of the list of processes.',
    )
  const source = await openSource(config)
  try {
    const target = await openTarget(moveTo)
    const lines = new MoveLines(terminal)
    try {
      const moved = await moveDatabase({
        source,
        target,
        dataDir: config.dataDir,
        now: Date.now,
        onProgress: (progress) => {
          lines.show(progress)
        },
        onAnew: (why) => {
          lines.say(
            why === 'changed'
              ? '源数据库在上次中断之后被使用过，从头开始。 The source was used since the move was cut off: it begins anew.'
              : '上次核对失败，从头开始。 The last check failed: it begins anew.',
          )
        },
      })
      lines.end()
      return summary(moved, config)
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}

async function openSource(config: Config): Promise<Store> {
  const { databaseUrl, dataDir } = config
  if (!databaseUrl.startsWith('file:'))
    throw new ConfigError(
      'DATABASE_URL 已是 PostgreSQL。kefu move 从 SQLite 迁出：迁移完成后再改 DATABASE_URL，现在把它去掉或设回 file:…。 ' +
        'DATABASE_URL is PostgreSQL already. kefu move begins at SQLite: leave DATABASE_URL out, or at file:…, until the move is done.',
    )
  const file = sqlitePath(databaseUrl)
  if (!existsSync(file))
    throw new ConfigError(
      `没有数据库 ${file}：检查 DATA_DIR 和 DATABASE_URL。 There is no database ${file}: check DATA_DIR and DATABASE_URL.`,
    )
  const answer = await callControl(dataDir, 'status', null)
  if (answer.running && /^SQLite/.test(String((answer.result as { engine?: unknown }).engine)))
    throw isRunning(undefined)
  try {
    return await openDatabase(config)
  } catch (error) {
    // Its lock is the operating system's: also a server without a socket, or another move, has it.
    if (
      error instanceof ConfigError &&
      error.cause instanceof Error &&
      /locked|busy/i.test(error.cause.message)
    )
      throw isRunning(error)
    throw error
  }
}

function isRunning(cause: unknown): ConfigError {
  return new ConfigError(
    '数据库正被另一个 kefu 使用。请先停止服务（例如 systemctl stop kefu），再运行 kefu move。 ' +
      'Another kefu has this database. Stop the service first (such as systemctl stop kefu), then run kefu move.',
    { cause },
  )
}

/** While SQLite's rows are hashed nothing moves on the connection, which has the lock. */
const SILENCE_MS = 6 * 3_600_000

async function openTarget(url: string): Promise<Store> {
  try {
    return await openStore(url, { silenceMs: SILENCE_MS })
  } catch (error) {
    const cause =
      error instanceof ConfigError && error.cause instanceof Error ? error.cause.message : 'unknown cause'
    throw new ConfigError(
      `连不上目标数据库（${cause}）：检查 kefu move 的地址（或 KEFU_MOVE_TO），以及 PostgreSQL 是否运行。 ` +
        `The target can’t be reached (${cause}): check the address given to kefu move (or KEFU_MOVE_TO), and that PostgreSQL runs.`,
      { cause: error },
    )
  }
}

function summary({ before, rows, pictures, replaced, missing }: Moved, config: Config): string[] {
  const key = config.secretKey ? 'KEFU_SECRET_KEY' : 'DATA_DIR/secret.key'
  return [
    before
      ? '早已迁移完成，这次没有改动。 This move was finished before; nothing was changed.'
      : `迁移完成，逐表核对一致：${rows} 行，${pictures} 张图片。 Moved, and compared table by table: ${rows} rows, ${pictures} pictures.`,
    ...(replaced === 0
      ? []
      : [
          `  ${replaced} 处含有 PostgreSQL 不能保存的字符（NUL 等），已换成 U+FFFD。 ${replaced} values had characters that PostgreSQL can’t keep; they are U+FFFD now.`,
        ]),
    ...(missing === 0
      ? []
      : [
          `  ${missing} 张图片的文件在 DATA_DIR/media 中找不到。 The files of ${missing} pictures are not in DATA_DIR/media.`,
        ]),
    '接下来 · next:',
    `  1. 把 DATABASE_URL 设为新地址，DATA_DIR 和密钥（${key}）不变。 Set DATABASE_URL to the new address; leave DATA_DIR and the key (${key}).`,
    '  2. 启动服务，运行 kefu doctor。 Start the service, and run kefu doctor.',
    '  3. 旧的 kefu.db 和 media 留作备份，不要再用它启动。 Keep the old kefu.db and media as a backup; don’t start on them again.',
  ]
}
