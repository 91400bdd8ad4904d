/** Style sheets arrive as text, for `adoptedStyleSheets`. */
declare module '*.css?inline' {
  const css: string
  export default css
}
