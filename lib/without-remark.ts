/** A line of a list that a person wrote: what stands before its remark, which `#` begins at the line's start or after a space. */
export const withoutRemark = (line: string): string => line.replace(/(?:^|\s)#.*$/, "").trim();
