/**
 * Returns the forms by which a Chinese title is found in Latin letters: its syllables and their first letters,
 * 「退款 VIP」 as `tuikuanvip` and `tkvip`. Words with several readings are read as in the phrase (重新 chongxin).
 */
export async function pinyinOf(title: string): Promise<string[]> {
  // 28 MB and a tenth of a second, for those who write canned replies alone.
  const { pinyin } = await import('pinyin-pro')
  const options = { toneType: 'none', type: 'array', nonZh: 'consecutive', v: true } as const
  const full = joined(pinyin(title, options))
  const initials = joined(pinyin(title, { ...options, pattern: 'first' }))
  return [...new Set([full, initials])].filter((each) => each !== '')
}

function joined(syllables: readonly string[]): string {
  return syllables
    .join('')
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '')
}
