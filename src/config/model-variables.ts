import type { ModelPresetName } from '../protocol/model-reasons.js'
import { looks } from './config-words.js'

/** A model as the environment gives it. */
export interface ModelVariable {
  readonly preset: ModelPresetName
  /** Without a slash at its end. */
  readonly url: string
  readonly key: string | undefined
  readonly model: string
}
export type ModelVariables = Readonly<Partial<Record<'main' | 'fallback', ModelVariable>>>

/** A model that makes vectors of texts, as the environment gives it. */
export type EmbeddingVariable = Omit<ModelVariable, 'preset'>

type Place = 'KEFU_AI' | 'KEFU_AI_FALLBACK'
type AnyPlace = Place | 'KEFU_AI_EMBEDDING'
type Values = Readonly<
  Partial<Record<`${AnyPlace}_URL` | `${AnyPlace}_KEY` | `${AnyPlace}_MODEL`, string | undefined>> &
    Record<`${Place}_PRESET`, ModelPresetName>
>

/** Finds models of which only a part is given. */
export function modelProblems(values: Values): string[] {
  return (['KEFU_AI', 'KEFU_AI_FALLBACK', 'KEFU_AI_EMBEDDING'] as const).flatMap((place) => {
    const [url, model] = [`${place}_URL`, `${place}_MODEL`] as const
    if ((values[url] === undefined) === (values[model] === undefined)) return []
    const [there, missing] = values[url] === undefined ? [model, url] : [url, model]
    return [`${missing} is missing, while ${there} is set: it must be ${looks[missing]}.`]
  })
}

export function modelsOf(values: Values): ModelVariables {
  const [main, fallback] = [modelOf(values, 'KEFU_AI'), modelOf(values, 'KEFU_AI_FALLBACK')]
  return { ...(main && { main }), ...(fallback && { fallback }) }
}

export function embeddingOf({
  KEFU_AI_EMBEDDING_URL: url,
  KEFU_AI_EMBEDDING_KEY: key,
  KEFU_AI_EMBEDDING_MODEL: model,
}: Values): EmbeddingVariable | undefined {
  if (url === undefined || model === undefined) return undefined
  return { url: url.replace(/\/+$/, ''), key, model }
}

function modelOf(values: Values, place: Place): ModelVariable | undefined {
  const [url, model] = [values[`${place}_URL`], values[`${place}_MODEL`]]
  if (url === undefined || model === undefined) return undefined
  const [key, preset] = [values[`${place}_KEY`], values[`${place}_PRESET`]]
  return { preset, url: url.replace(/\/+$/, ''), key, model }
}
