/** The same in both languages. */
export interface Words {
  zh: string
  en: string
}

/** One thing that was looked at, see src/doctor/finding.ts. */
export interface Finding {
  check: string
  /** The Mini Program that it is about. */
  app?: string
  level: 'ok' | 'warn' | 'fail'
  found: Words
  todo?: Words
  /** What to copy to do it. */
  copy?: string
}

export interface Diagnosis {
  healthy: boolean
  findings: Finding[]
}
