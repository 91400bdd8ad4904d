/** What the sign-in mail says, in every language a player can have. */
import type { Language } from '../contract/language.ts'

/** Makes the subject and the text around a link. */
export type MailWords = (link: string) => { subject: string; text: string }

/** @param gameName - as the configuration has it; put on one line, so that it cannot pass for a line of the mail */
export function mailWords(language: Language, gameName: string): MailWords {
  const { subject, open, limits, ignore } = sentences[language]
  const name = gameName.replace(/\s+/g, ' ').trim()
  const named = (sentence: string) => sentence.replaceAll('{game}', () => name)
  return (link) => ({ subject: named(subject), text: [named(open), link, limits, ignore].join('\n\n') })
}

interface Sentences {
  subject: string
  /** Stands before the link. */
  open: string
  limits: string
  ignore: string
}

const spanish: Sentences = {
  subject: 'Accede a la asistencia de {game}',
  open: 'Abre este enlace para acceder a la asistencia de {game}:',
  limits: 'Funciona una sola vez, durante 15 minutos y en el navegador desde el que se pidió.',
  ignore: 'Si no lo has pedido, puedes ignorar este correo. Nadie puede entrar sin el enlace.',
}

const norwegian: Sentences = {
  subject: 'Logg inn hos kundestøtten for {game}',
  open: 'Åpne denne lenken for å logge inn hos kundestøtten for {game}:',
  limits: 'Den virker én gang, i 15 minutter, i nettleseren som ba om den.',
  ignore: 'Hvis du ikke har bedt om den, kan du se bort fra denne e-posten. Ingen kommer inn uten lenken.',
}

const simplifiedChinese: Sentences = {
  subject: '登录 {game} 客服中心',
  open: '打开以下链接，登录 {game} 客服中心：',
  limits: '链接只能使用一次，15 分钟内有效，且必须在申请链接的浏览器中打开。',
  ignore: '如果不是您申请的，请忽略此邮件。没有该链接，任何人都无法登录。',
}

const sentences: Readonly<Record<Language, Sentences>> = {
  en: {
    subject: 'Sign in to {game} support',
    open: 'Open this link to sign in to {game} support:',
    limits: 'It works once, for 15 minutes, in the browser that asked for it.',
    ignore: 'If you did not ask for it, you can ignore this mail. Nobody gets in without the link.',
  },
  de: {
    subject: 'Anmeldung beim Support von {game}',
    open: 'Öffne diesen Link, um dich beim Support von {game} anzumelden:',
    limits: 'Er funktioniert einmal, 15 Minuten lang und nur in dem Browser, der ihn angefordert hat.',
    ignore:
      'Wenn du ihn nicht angefordert hast, kannst du diese E-Mail ignorieren. Ohne den Link kommt niemand hinein.',
  },
  es: spanish,
  'es-AR': {
    subject: 'Ingresá a la asistencia de {game}',
    open: 'Abrí este enlace para ingresar a la asistencia de {game}:',
    limits: 'Funciona una sola vez, durante 15 minutos y en el navegador desde el que se pidió.',
    ignore: 'Si no lo pediste, podés ignorar este correo. Nadie puede entrar sin el enlace.',
  },
  'es-MX': {
    subject: 'Inicia sesión en el soporte de {game}',
    open: 'Abre este enlace para iniciar sesión en el soporte de {game}:',
    limits: 'Funciona una sola vez, durante 15 minutos y en el navegador desde el que se solicitó.',
    ignore: 'Si no lo solicitaste, puedes ignorar este correo. Nadie puede entrar sin el enlace.',
  },
  fi: {
    subject: 'Kirjaudu pelin {game} tukeen',
    open: 'Avaa tämä linkki kirjautuaksesi pelin {game} tukeen:',
    limits: 'Linkki toimii kerran, 15 minuutin ajan ja vain siinä selaimessa, jolla se pyydettiin.',
    ignore: 'Jos et pyytänyt linkkiä, voit jättää tämän viestin huomiotta. Kukaan ei pääse sisään ilman linkkiä.',
  },
  fil: {
    subject: 'Mag-sign in sa support ng {game}',
    open: 'Buksan ang link na ito para mag-sign in sa support ng {game}:',
    limits: 'Isang beses lang ito gagana, sa loob ng 15 minuto, sa browser na humiling nito.',
    ignore: 'Kung hindi mo ito hiniling, huwag pansinin ang email na ito. Walang makakapasok nang wala ang link.',
  },
  fr: {
    subject: 'Connexion à l’assistance de {game}',
    open: 'Ouvrez ce lien pour vous connecter à l’assistance de {game} :',
    limits: 'Il fonctionne une seule fois, pendant 15 minutes, dans le navigateur qui l’a demandé.',
    ignore: 'Si vous ne l’avez pas demandé, ignorez cet e-mail. Personne ne peut se connecter sans le lien.',
  },
  id: {
    subject: 'Masuk ke dukungan {game}',
    open: 'Buka tautan ini untuk masuk ke dukungan {game}:',
    limits: 'Tautan ini berlaku sekali, selama 15 menit, di peramban yang memintanya.',
    ignore: 'Jika Anda tidak memintanya, abaikan email ini. Tidak ada yang bisa masuk tanpa tautan ini.',
  },
  ja: {
    subject: '{game} サポートへのログイン',
    open: '次のリンクを開いて、{game} サポートにログインしてください：',
    limits: 'リンクは 1 回限り、15 分間有効です。リクエストしたブラウザーで開いてください。',
    ignore: '心当たりがない場合は、このメールを無視してください。リンクがなければ誰もログインできません。',
  },
  ko: {
    subject: '{game} 고객 지원 로그인',
    open: '아래 링크를 열어 {game} 고객 지원에 로그인하세요:',
    limits: '링크는 15분 동안 한 번만, 요청한 브라우저에서만 사용할 수 있습니다.',
    ignore: '요청하지 않으셨다면 이 메일을 무시하셔도 됩니다. 링크 없이는 아무도 로그인할 수 없습니다.',
  },
  ms: {
    subject: 'Log masuk ke sokongan {game}',
    open: 'Buka pautan ini untuk log masuk ke sokongan {game}:',
    limits: 'Pautan ini berfungsi sekali, selama 15 minit, dalam pelayar yang memintanya.',
    ignore: 'Jika anda tidak memintanya, abaikan e-mel ini. Tiada sesiapa boleh masuk tanpa pautan ini.',
  },
  pt: {
    subject: 'Iniciar sessão no apoio de {game}',
    open: 'Abre esta ligação para iniciar sessão no apoio de {game}:',
    limits: 'Funciona uma única vez, durante 15 minutos, no navegador que a pediu.',
    ignore: 'Se não a pediste, podes ignorar este e-mail. Ninguém entra sem a ligação.',
  },
  'pt-BR': {
    subject: 'Entre no suporte de {game}',
    open: 'Abra este link para entrar no suporte de {game}:',
    limits: 'Ele funciona uma única vez, por 15 minutos, no navegador que o pediu.',
    ignore: 'Se você não o pediu, ignore este e-mail. Ninguém entra sem o link.',
  },
  ru: {
    subject: 'Вход в поддержку {game}',
    open: 'Откройте эту ссылку, чтобы войти в поддержку {game}:',
    limits: 'Она действует один раз, в течение 15 минут и только в том браузере, из которого её запросили.',
    ignore: 'Если вы её не запрашивали, просто не обращайте внимания на это письмо. Без ссылки никто не войдёт.',
  },
  tr: {
    subject: '{game} destek girişi',
    open: '{game} desteğine giriş yapmak için bu bağlantıyı açın:',
    limits: 'Bağlantı bir kez, 15 dakika boyunca ve yalnızca istendiği tarayıcıda çalışır.',
    ignore: 'Siz istemediyseniz bu e-postayı yok sayabilirsiniz. Bağlantı olmadan kimse giriş yapamaz.',
  },
  uk: {
    subject: 'Вхід до підтримки {game}',
    open: 'Відкрийте це посилання, щоб увійти до підтримки {game}:',
    limits: 'Воно діє один раз, протягом 15 хвилин і лише в тому браузері, з якого його запросили.',
    ignore: 'Якщо ви його не запитували, не зважайте на цей лист. Без посилання ніхто не ввійде.',
  },
  vi: {
    subject: 'Đăng nhập vào hỗ trợ {game}',
    open: 'Mở liên kết này để đăng nhập vào hỗ trợ {game}:',
    limits: 'Liên kết chỉ dùng được một lần, trong 15 phút, trên trình duyệt đã yêu cầu.',
    ignore: 'Nếu bạn không yêu cầu, hãy bỏ qua thư này. Không ai đăng nhập được nếu không có liên kết.',
  },
  zh: simplifiedChinese,
  'zh-Hans': simplifiedChinese,
  'zh-Hant': {
    subject: '登入 {game} 客服中心',
    open: '開啟以下連結，登入 {game} 客服中心：',
    limits: '連結只能使用一次，15 分鐘內有效，且必須在申請連結的瀏覽器中開啟。',
    ignore: '如果不是您申請的，請忽略此郵件。沒有該連結，任何人都無法登入。',
  },
  ar: {
    subject: 'تسجيل الدخول إلى دعم {game}',
    open: 'افتح هذا الرابط لتسجيل الدخول إلى دعم {game}:',
    limits: 'يعمل الرابط مرة واحدة، لمدة 15 دقيقة، في المتصفح الذي طُلب منه فقط.',
    ignore: 'إذا لم تطلبه فيمكنك تجاهل هذه الرسالة. لا يمكن لأحد الدخول من دون الرابط.',
  },
  cs: {
    subject: 'Přihlášení k podpoře hry {game}',
    open: 'Otevřením tohoto odkazu se přihlásíte k podpoře hry {game}:',
    limits: 'Funguje jednou, po dobu 15 minut a jen v prohlížeči, ze kterého byl vyžádán.',
    ignore: 'Pokud jste o něj nežádali, můžete tento e-mail ignorovat. Bez odkazu se nikdo nepřihlásí.',
  },
  da: {
    subject: 'Log ind på supporten til {game}',
    open: 'Åbn dette link for at logge ind på supporten til {game}:',
    limits: 'Det virker én gang, i 15 minutter, i den browser, der bad om det.',
    ignore: 'Hvis du ikke har bedt om det, kan du se bort fra denne mail. Ingen kommer ind uden linket.',
  },
  nl: {
    subject: 'Inloggen bij de ondersteuning van {game}',
    open: 'Open deze link om in te loggen bij de ondersteuning van {game}:',
    limits: 'Hij werkt één keer, 15 minuten lang, in de browser waarmee hij is aangevraagd.',
    ignore: 'Heb je hem niet aangevraagd, dan kun je deze e-mail negeren. Zonder de link komt niemand binnen.',
  },
  el: {
    subject: 'Σύνδεση στην υποστήριξη του {game}',
    open: 'Ανοίξτε αυτόν τον σύνδεσμο για να συνδεθείτε στην υποστήριξη του {game}:',
    limits: 'Λειτουργεί μία φορά, για 15 λεπτά, στο πρόγραμμα περιήγησης από το οποίο ζητήθηκε.',
    ignore: 'Αν δεν τον ζητήσατε εσείς, αγνοήστε αυτό το μήνυμα. Κανείς δεν συνδέεται χωρίς τον σύνδεσμο.',
  },
  hu: {
    subject: 'Bejelentkezés a(z) {game} ügyfélszolgálatára',
    open: 'Nyisd meg ezt a linket a(z) {game} ügyfélszolgálatára való bejelentkezéshez:',
    limits: 'Egyszer, 15 percig és csak abban a böngészőben működik, amelyikből kérték.',
    ignore: 'Ha nem te kérted, hagyd figyelmen kívül ezt a levelet. A link nélkül senki sem tud belépni.',
  },
  it: {
    subject: 'Accedi all’assistenza di {game}',
    open: 'Apri questo link per accedere all’assistenza di {game}:',
    limits: 'Funziona una sola volta, per 15 minuti, nel browser che lo ha richiesto.',
    ignore: 'Se non l’hai richiesto, puoi ignorare questa e-mail. Nessuno può entrare senza il link.',
  },
  no: norwegian,
  nb: norwegian,
  pl: {
    subject: 'Logowanie do pomocy {game}',
    open: 'Otwórz ten link, aby zalogować się do pomocy {game}:',
    limits: 'Działa jeden raz, przez 15 minut, w przeglądarce, z której o niego poproszono.',
    ignore: 'Jeśli to nie Ty o niego prosisz, zignoruj tę wiadomość. Bez linku nikt się nie zaloguje.',
  },
  ro: {
    subject: 'Conectare la asistența {game}',
    open: 'Deschide acest link pentru a te conecta la asistența {game}:',
    limits: 'Funcționează o singură dată, timp de 15 minute, în browserul din care a fost cerut.',
    ignore: 'Dacă nu l-ai cerut tu, poți ignora acest e-mail. Nimeni nu se poate conecta fără link.',
  },
  sk: {
    subject: 'Prihlásenie do podpory hry {game}',
    open: 'Otvorením tohto odkazu sa prihlásite do podpory hry {game}:',
    limits: 'Funguje raz, počas 15 minút a len v prehliadači, z ktorého bol vyžiadaný.',
    ignore: 'Ak ste oň nežiadali, môžete tento e-mail ignorovať. Bez odkazu sa nikto neprihlási.',
  },
  sv: {
    subject: 'Logga in på supporten för {game}',
    open: 'Öppna den här länken för att logga in på supporten för {game}:',
    limits: 'Den fungerar en gång, i 15 minuter, i webbläsaren som bad om den.',
    ignore: 'Om du inte har bett om den kan du bortse från det här mejlet. Ingen kommer in utan länken.',
  },
  th: {
    subject: 'เข้าสู่ระบบฝ่ายสนับสนุนของ {game}',
    open: 'เปิดลิงก์นี้เพื่อเข้าสู่ระบบฝ่ายสนับสนุนของ {game}:',
    limits: 'ลิงก์ใช้ได้ครั้งเดียว ภายใน 15 นาที ในเบราว์เซอร์ที่ขอลิงก์เท่านั้น',
    ignore: 'หากคุณไม่ได้ขอ โปรดเพิกเฉยต่ออีเมลนี้ ไม่มีใครเข้าสู่ระบบได้หากไม่มีลิงก์',
  },
}
