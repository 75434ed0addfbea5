/** Words that networks and phones put in the place of a number that is not shown (RFC 3323 and what trunks really send). */
const withheldWords =
  /^(?:|anonymous|withheld|restricted|private(?: number)?|unavailable|unknown|no ?number|blocked|p|o|asterisk|匿名|未知|未显示|无号码|保密)$/i;

/** Longest text that is looked at: real ones stay far below. */
const longestCaller = 300;

/**
 * The number inside what a trunk signalled, with separators taken off: `+8613800000001`, `051881234567`. Other text comes
 * back as it was; null when the caller's number is withheld or missing. Takes apart display names, angle brackets, tel:,
 * sip: and sips: URIs with parameters, RFC 3966's phone-context, percent escapes, extensions, full-width characters.
 */
export function callerPart(raw: string): string | null {
  const text = raw
    .slice(0, longestCaller)
    .normalize('NFKC')
    .replace(/\p{Cf}|\p{Cc}/gu, '')
    .trim();
  const inner = (/<([^<>]*)>/.exec(text)?.[1] ?? text).trim();
  const uri = /^(tel|sips?):(.*)$/is.exec(inner);
  const user = uri ? userPart(uri[1] ?? '', uri[2] ?? '') : inner.replace(/[@;].*$/s, '');
  if (withheldWords.test(user.trim())) return null;
  const withoutExtension = user
    .replace(/\s*(?:转|轉|ext\.?|x|#)\s*\d{1,6}\s*$/i, '')
    .replace(/^(\D*\d{3,4}[-\s]\d{7,8})-\d{1,6}$/, '$1');
  const bare = withoutExtension.replace(/[\s\-‐‑‒–—―−.·()/[\]]/gu, '');
  return /^\+?[\d*#]+$/.test(bare) ? bare : user;
}

function userPart(scheme: string, rest: string): string {
  if (scheme.toLowerCase() === 'tel') {
    const [number = '', ...parameters] = rest.split(';');
    const context = parameters.map((parameter) => /^phone-context=(\+\d+)$/i.exec(parameter.trim())?.[1]).find(Boolean);
    return context && !number.startsWith('+') ? context + number : number;
  }
  // user[:password][;parameters]@host; without @ there is only a host.
  if (!rest.includes('@')) return '';
  const user = (rest.slice(0, rest.lastIndexOf('@')).split(';')[0] ?? '').split(':')[0] ?? '';
  try {
    return decodeURIComponent(user).normalize('NFKC');
  } catch (error) {
    if (error instanceof URIError) return user;
    throw error;
  }
}
