/** What `npm start` runs with when there is no configuration: one game, the built-in desk, anyone may write. */

const everyLabel = (en: string, de: string, ja: string, ar: string) => ({ en, de, ja, ar })

/** A configuration in the file's own form, so that the demo goes through the same checks as a studio's. */
export function demoConfig(deskToken: string): unknown {
  return {
    games: {
      demo: {
        name: 'Star Harbor',
        languages: ['en', 'de', 'ja', 'ar'],
        players: { anonymous: true },
        form: { categories: [purchases, bug, account, other] },
        vendor: { kind: 'desk', token: deskToken },
      },
    },
  }
}

const purchases = {
  id: 'purchases',
  label: everyLabel('Purchases', 'Käufe', '購入', 'المشتريات'),
  tags: ['billing'],
  fields: [
    {
      id: 'order',
      label: everyLabel('Order number', 'Bestellnummer', '注文番号', 'رقم الطلب'),
      type: 'text',
      required: false,
    },
  ],
}

const bug = {
  id: 'bug',
  label: everyLabel('Something is broken', 'Etwas ist kaputt', '不具合', 'هناك خلل'),
  tags: ['bug'],
  fields: [
    {
      id: 'where',
      label: everyLabel('Where in the game?', 'Wo im Spiel?', 'ゲームのどこで?', 'أين في اللعبة؟'),
      type: 'choice',
      required: false,
      options: [
        { id: 'battle', label: everyLabel('In a battle', 'Im Kampf', '戦闘中', 'في معركة') },
        { id: 'harbor', label: everyLabel('In the harbor', 'Im Hafen', '港で', 'في الميناء') },
        { id: 'menus', label: everyLabel('In the menus', 'In den Menüs', 'メニューで', 'في القوائم') },
      ],
    },
  ],
}

const account = { id: 'account', label: everyLabel('My account', 'Mein Konto', 'アカウント', 'حسابي') }

const other = { id: 'other', label: everyLabel('Something else', 'Etwas anderes', 'その他', 'شيء آخر') }
