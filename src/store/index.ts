export { Batcher, type Outcome } from './batch.js'
export {
  bulkRows,
  bulkStatement,
  storable,
  type BulkColumns,
  type BulkRow,
  type SqlFragments,
} from './bulk.js'
export { claimDatabaseId, postgresWitness, readDatabaseId, type DatabaseId } from './database-id.js'
export { databaseNow } from './database-now.js'
export { isDatabaseFault } from './database-fault.js'
export { messagesToSend, type Dialect } from './dialect.js'
export { fromJson, toJson, type JsonText } from './json-column.js'
export { besideDatabase } from './private-file.js'
export { orderPushKeys } from './push-key.js'
export type { Appended, PushLog, PushRow } from './push-log.js'
export type * from './schema.js'
export { SHARDS, shardOf } from './shard.js'
export { inCommit, type Signals } from './signals.js'
export { settleCopy, type DatabaseFile } from './sqlite-copy.js'
export { openStore, sqlitePath, type Store, type Tx } from './store.js'
export type { Reseal, SecretCipher } from './secret-cipher.js'
export { BackgroundLoop } from './background-loop.js'
export { every } from './every.js'
export { addSetting, holdSetting, readSetting, removeSetting, writeSetting } from './setting.js'
export { backoff } from './backoff.js'
