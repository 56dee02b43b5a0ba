export { rowTables, type Table } from './moved-tables.js'
export {
  beginMove,
  leaveSource,
  nameSource,
  readMove,
  readMovedAway,
  refuseHalfMoved,
  sourceWord,
  tablesInUse,
  writeMove,
  type MoveState,
  type TableState,
} from './move-state.js'
export { continueNumbers, copyTable } from './table-copy.js'
export { digestTable, HashSum, type TableDigest } from './table-digest.js'
export { countRows, shapeOf } from './table-rows.js'
