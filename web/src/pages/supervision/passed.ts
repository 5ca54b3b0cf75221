type Step = { from: string; to: string }

/** The nodes that lie behind a case: what it came back to, and what followed, is to be done again. */
export function passed(steps: Step[]): string[] {
  const behind: string[] = []
  for (const { from, to } of steps) {
    const back = behind.indexOf(to)
    if (back >= 0) behind.length = back
    else if (from && from !== to) behind.push(from)
  }
  return behind
}
