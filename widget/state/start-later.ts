/** For what runs as long as it is wanted, and has to be fetched first. */

/** @returns ends it; if it has not come by then, it is never started. */
export function startLater(coming: Promise<() => () => void>): () => void {
  let ended = false
  let end = () => {}
  coming.then(
    (start) => {
      if (!ended) end = start()
    },
    () => {},
  )
  return () => {
    ended = true
    end()
  }
}
