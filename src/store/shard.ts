/**
 * Into how many parts the conversations are divided, so that several processes can share the work. Fixed: rows
 * carry their part's number. More processes than this would find nothing to do.
 */
export const SHARDS = 64

/** The part that a customer's conversation belongs to: the same in every process and release (FNV-1a). */
export function shardOf(appId: string, openId: string): number {
  let hash = 0x811c9dc5
  const key = `${appId}/${openId}`
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  return (hash >>> 0) % SHARDS
}
