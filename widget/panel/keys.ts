/** What a key press means. */

/** It ends or steers a composition. WebKit says so by the code alone, once the composition has ended. */
export function isComposing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229
}
