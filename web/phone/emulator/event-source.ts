import type { OpenStream } from './live.js'

/** The browser's own event stream, which comes back by itself after most breaks. */
export function eventSource(url: string): OpenStream {
  return (listener) => {
    const source = new EventSource(url)
    source.onopen = () => {
      listener.opened()
    }
    source.onmessage = ({ data }: MessageEvent<string>) => {
      listener.data(data)
    }
    source.onerror = () => {
      const isClosed = source.readyState === EventSource.CLOSED
      if (isClosed) source.close()
      listener.broken(!isClosed)
    }
    return () => {
      source.close()
    }
  }
}
