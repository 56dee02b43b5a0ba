import { runViaServer } from './run-via-server.js'
import { readConfig } from '../config/config.js'
import { ConfigError, KefuError } from '../errors.js'
import { diagnose } from '../doctor/diagnose.js'
import { findingsText, isHealthy, type Finding } from '../doctor/finding.js'

/** Examines the service, by the running server if there is one. Never throws what a person could mend. */
export async function runDoctor(
  environment: Readonly<Record<string, string | undefined>>,
  options: { json?: true },
): Promise<{ text: string; healthy: boolean }> {
  const findings = await examine(environment)
  const healthy = isHealthy(findings)
  const text = options.json
    ? JSON.stringify({ healthy, findings }, null, 2)
    : findingsText(findings, process.stdout.isTTY)
  return { text, healthy }
}

async function examine(environment: Readonly<Record<string, string | undefined>>): Promise<Finding[]> {
  let stage: { check: string; zh: string } = { check: 'configuration', zh: '配置无效。' }
  try {
    const config = readConfig(environment)
    stage = { check: 'database', zh: '打不开数据库。' }
    const { result } = await runViaServer(
      config,
      { name: 'doctor', input: null, read: (findings) => findings as Finding[] },
      ({ store, apps, metrics, rules }) =>
        diagnose({ config, store, apps, counts: metrics, rules, localUrl: undefined, now: Date.now }),
    )
    return result
  } catch (error) {
    if (!(error instanceof KefuError)) throw error
    const check = error instanceof ConfigError ? stage.check : error.code
    return [{ check, level: 'fail', found: { zh: stage.zh, en: error.message } }]
  }
}
