/** Of each operator: a text, then every text that the operator makes of it, in order. A row of one is a place where it must not fire. */
export type Table = Readonly<Record<string, readonly (readonly [source: string, ...mutated: string[]])[]>>;
