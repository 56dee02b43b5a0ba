export function sourceFiles(): string[]
export function transpile(folder: string): Promise<void>
