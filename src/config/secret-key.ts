import { randomBytes } from 'node:crypto'
import { link, mkdir, open, readFile, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ConfigError } from '../errors.js'

const BYTES = 32

/** A key of 32 bytes written in hex or base64 (also the form for URLs, also without padding); undefined when it is none. */
export function parseSecretKey(text: string): Buffer | undefined {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return Buffer.from(text, 'hex')
  if (/^([A-Za-z0-9+/]{43}|[A-Za-z0-9_-]{43})=?$/.test(text)) return Buffer.from(text, 'base64')
  return undefined
}

/** The key in a file; undefined when there is no such file. Throws ConfigError when it holds no key. */
export async function readSecretKey(file: string): Promise<Buffer | undefined> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw new ConfigError(`The key in ${file} can’t be read: check the file’s owner and permissions.`, {
      cause: error,
    })
  }
  const key = parseSecretKey(text.trim())
  if (!key)
    throw new ConfigError(
      `${file} holds no key (32 bytes in base64). Put it back from a copy; without it the secrets in the database can’t be read.`,
    )
  return key
}

/**
 * Makes a key in a file of mode 0600, whole or not at all, and gives it; when another process was first, gives
 * that one's.
 */
export async function makeSecretKey(file: string): Promise<Buffer> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const key = randomBytes(BYTES)
  const temporary = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`
  const handle = await open(temporary, 'wx', 0o600)
  try {
    await handle.writeFile(`${key.toString('base64')}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  try {
    await link(temporary, file)
    await syncDirectory(dirname(file))
    return key
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    return (await readSecretKey(file)) ?? key
  } finally {
    await unlink(temporary)
  }
}

/** A name is safe from power loss once its directory is synced. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
