/** What the sign-in mail says. */

/** Makes the subject and the text around a link. */
export type MailWords = (link: string) => { subject: string; text: string }

/** @param gameName - as the configuration has it; mail headers are encoded by the mailer */
export function englishMail(gameName: string): MailWords {
  return (link) => ({
    subject: `Sign in to ${gameName} support`,
    text: [
      `Open this link to sign in to ${gameName} support:`,
      link,
      'It works once, for 15 minutes, in the browser that asked for it.',
      'If you did not ask for it, you can ignore this mail. Nobody gets in without the link.',
    ].join('\n\n'),
  })
}
