/** So long the second click of two may come after the first. */
const DOUBLE_CLICK_MS = 500

const text = (input: unknown) => {
  try {
    const said = JSON.stringify(input, (_name, value: unknown) =>
      value instanceof File ? `${value.name} ${value.size} ${value.lastModified}` : value,
    ) as string | undefined
    return said ?? ''
  } catch {
    return '' // an event that was handed on: the same for each click
  }
}

/**
 * What is being done, and what was done just now: the same is not begun again. A button is drawn as busy with the next
 * frame at the earliest, and a dialog closes slowly: both take a second click, or a key that repeats.
 */
export class Lock<Out> {
  readonly #now: () => number
  #last?: { input: string; at: number; done: boolean; run: Promise<Out> }

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Runs it, unless the same runs or has just succeeded: then that is its result. */
  run(input: unknown, begin: () => Promise<Out>): Promise<Out> {
    const asked = text(input)
    const last = this.#last
    if (last && last.input === asked && (!last.done || this.#now() - last.at < DOUBLE_CLICK_MS)) return last.run
    const mine = { input: asked, at: this.#now(), done: false, run: begin() }
    this.#last = mine
    mine.run.then(
      () => Object.assign(mine, { done: true, at: this.#now() }),
      () => {
        if (this.#last === mine) this.#last = undefined
      },
    )
    return mine.run
  }
}
