import { ConfigError, KefuError } from '../errors.js'
import { openStore, type Store } from '../store/index.js'
import type { Config } from '../config/config.js'

/** Opens the configured database. Throws ConfigError, whatever keeps it from being opened. */
export async function openDatabase({ databaseUrl, dataDir }: Config): Promise<Store> {
  try {
    return await openStore(databaseUrl)
  } catch (error) {
    if (error instanceof KefuError) throw error
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown cause'
    throw new ConfigError(
      `The database can’t be opened (${code}). Check that DATA_DIR (${dataDir}) and the database in it belong to this user and can be written to, and that the file is kefu’s.`,
      { cause: error },
    )
  }
}
