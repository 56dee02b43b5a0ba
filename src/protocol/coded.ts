/** Nothing beside the code. */
export type NoParams = Readonly<Record<string, never>>

/** A code with the values that its words need, for each code of a map of parameters. */
export type Coded<P> = { [C in keyof P]: { readonly code: C; readonly params: P[C] } }[keyof P]

/** The arguments after a code: its parameters, where it has any. */
export type ParamsArgument<P> = P extends NoParams ? [] : [params: P]
