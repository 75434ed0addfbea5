import fc from 'fast-check';
import t from 'tap';
import { allowedNumbers, formatNumber, type NumberKind, parseNumber, requireNumber } from '../../src/citizen/number.js';
import { HotlineError } from '../../src/platform/errors.js';

/** All numbers are made up; the home area is 0518. */
const home = '0518';
type Row = [raw: string, e164: string | null, kind: NumberKind, display: string, areaCode?: string];

const m = '+8613800000001';
const mobile = (raw: string): Row => [raw, m, 'mobile', '138 0000 0001'];
const landline = (raw: string): Row => [raw, '+8651881234567', 'landline', '0518-8123 4567', '0518'];
const withheld = (raw: string): Row => [raw, null, 'withheld', ''];
const unknown = (raw: string, display = ''): Row => [raw, null, 'unknown', display];

const tables: Record<string, Row[]> = {
  mobiles: [
    mobile('13800000001'),
    mobile('+8613800000001'),
    mobile('008613800000001'),
    mobile('8613800000001'),
    mobile('013800000001'),
    mobile('+86013800000001'),
    mobile('0086013800000001'),
    mobile('+008613800000001'),
    mobile('+86 138 0000 0001'),
    mobile('138-0000-0001'),
    mobile(' 138 0000 0001 '),
    mobile('(+86)13800000001'),
    mobile('１３８０００００００１'),
    mobile('＋８６　138－0000－0001'),
    mobile('138\u20110000\u20130001'),
    mobile('\u202a+8613800000001\u202c'),
    mobile('1795113800000001'),
    mobile('17911013800000001'),
    mobile('1259313800000001'),
    mobile('12583113800000001'),
    mobile('17951013800000001'),
    ['19900000002', '+8619900000002', 'mobile', '199 0000 0002'],
    ['17900000000', '+8617900000000', 'mobile', '179 0000 0000'],
    unknown('12000000001', '12000000001'),
    unknown('1380000000', '1380000000'),
    unknown('138000000011', '138000000011'),
  ],
  landlines: [
    landline('051881234567'),
    landline('0518-81234567'),
    landline('(0518) 8123 4567'),
    landline('（0518）81234567'),
    landline('0518—81234567'),
    landline('+8651881234567'),
    landline('+86051881234567'),
    landline('+86 (0)518 8123 4567'),
    landline('008651881234567'),
    landline('8651881234567'),
    landline('51881234567'),
    landline('81234567'),
    landline('8123 4567'),
    landline('17909051881234567'),
    landline('0518-81234567-801'),
    landline('0518-81234567转801'),
    landline('0518-81234567 ext. 801'),
    landline('0518 81234567 #801'),
    ['8123456', '+865188123456', 'landline', '0518-812 3456', '0518'],
    ['07018123456', '+867018123456', 'landline', '0701-812 3456', '0701'],
    ['01081234567', '+861081234567', 'landline', '010-8123 4567', '010'],
    ['+861081234567', '+861081234567', 'landline', '010-8123 4567', '010'],
    ['1081234567', '+861081234567', 'landline', '010-8123 4567', '010'],
    ['02165432100', '+862165432100', 'landline', '021-6543 2100', '021'],
    ['86123456', '+8651886123456', 'landline', '0518-8612 3456', '0518'],
    unknown('0108123456', '0108123456'),
    unknown('01091234567', '01091234567'),
    unknown('05181123456', '05181123456'),
    unknown('05189123456', '05189123456'),
    unknown('0518812345678', '0518812345678'),
    unknown('12345678', '12345678'),
  ],
  'short codes and services': [
    ['110', '110', 'shortCode', '110'],
    ['119', '119', 'shortCode', '119'],
    ['120', '120', 'shortCode', '120'],
    ['12345', '12345', 'shortCode', '12345'],
    ['12315', '12315', 'shortCode', '12315'],
    ['+8612345', '12345', 'shortCode', '12345'],
    ['0518-12345', '+8651812345', 'shortCode', '0518-12345', '0518'],
    ['01012345', '+861012345', 'shortCode', '010-12345', '010'],
    ['+8651812345', '+8651812345', 'shortCode', '0518-12345', '0518'],
    ['051896123', '+8651896123', 'shortCode', '0518-96123', '0518'],
    ['0518110', '+86518110', 'shortCode', '0518-110', '0518'],
    ['10010', '10010', 'shortCode', '10010'],
    ['10086', '10086', 'shortCode', '10086'],
    ['+8610086', '10086', 'shortCode', '10086'],
    ['95588', '95588', 'shortCode', '95588'],
    ['9558800', '9558800', 'shortCode', '9558800'],
    ['96123', '96123', 'shortCode', '96123'],
    ['116114', '116114', 'shortCode', '116114'],
    ['10109999', '10109999', 'shortCode', '10109999'],
    ['4008123456', '+864008123456', 'service', '400-812-3456'],
    ['400-812-3456', '+864008123456', 'service', '400-812-3456'],
    ['+864008123456', '+864008123456', 'service', '400-812-3456'],
    ['800 810 0000', '+868008100000', 'service', '800-810-0000'],
    unknown('1001', '1001'),
    unknown('13', '13'),
    unknown('*97', '*97'),
  ],
  abroad: [
    ['+85221234567', '+85221234567', 'international', '+852 2123 4567'],
    ['0085221234567', '+85221234567', 'international', '+852 2123 4567'],
    ['85221234567', '+85221234567', 'international', '+852 2123 4567'],
    ['+85366123456', '+85366123456', 'international', '+853 6612 3456'],
    ['+886912345678', '+886912345678', 'international', '+886 9 1234 5678'],
    ['+12025550123', '+12025550123', 'international', '+1 202 555 0123'],
    ['0012025550123', '+12025550123', 'international', '+1 202 555 0123'],
    ['+442079460000', '+442079460000', 'international', '+44 20 7946 0000'],
    ['+81 3-1234-5678', '+81312345678', 'international', '+81 3 1234 5678'],
    unknown('+1234567890123456', '+1234567890123456'),
    unknown('+12', '+12'),
    unknown('+86123', '+86123'),
    unknown('00', '00'),
  ],
  URIs: [
    mobile('tel:+8613800000001'),
    mobile('tel:+86-138-0000-0001'),
    mobile('tel:13800000001;phone-context=+86'),
    mobile('TEL:013800000001;phone-context=city.example'),
    landline('tel:81234567;phone-context=+86518'),
    mobile('sip:+8613800000001@192.0.2.1;user=phone'),
    mobile('sip:13800000001@192.0.2.1:5060;transport=udp'),
    mobile('sips:13800000001@city.example'),
    mobile('<sip:+8613800000001@city.example;user=phone>;tag=abc'),
    mobile('"Citizen" <sip:+8613800000001@city.example>'),
    mobile('Citizen <13800000001>'),
    mobile('sip:13800000001;cpc=ordinary@city.example;user=phone'),
    mobile('sip:13800000001:secret@city.example'),
    mobile('sip:%2B8613800000001@city.example'),
    mobile('13800000001@city.example'),
    landline('sip:051881234567@192.0.2.1'),
    ['sip:110@192.0.2.1', '110', 'shortCode', '110'],
    withheld('sip:anonymous@anonymous.invalid'),
    withheld('"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1'),
    withheld('sip:192.0.2.1'),
    unknown('sip:alice@city.example'),
    unknown('sip:%zz@city.example'),
  ],
  'withheld and nonsense': [
    withheld(''),
    withheld('   '),
    withheld('anonymous'),
    withheld('Anonymous@anonymous.invalid'),
    withheld('Restricted'),
    withheld('Private Number'),
    withheld('withheld'),
    withheld('Unavailable'),
    withheld('<unknown>'),
    withheld('未知'),
    unknown('alice'),
    unknown('0', '0'),
    unknown('+', ''),
    unknown('１２３', '123'),
    unknown('1'.repeat(400)),
  ],
};

t.test('whatever a trunk signals or a person types', async (t) => {
  const rows = Object.values(tables).flat();
  t.ok(rows.length >= 80, `${rows.length} cases`);
  for (const [name, table] of Object.entries(tables)) {
    t.test(name, async (t) => {
      for (const [raw, e164, kind, display, areaCode] of table) {
        const expected = areaCode ? { e164, kind, display, areaCode } : { e164, kind, display };
        t.same(parseNumber(raw, home), expected, JSON.stringify(raw));
      }
    });
  }
});

t.test('local numbers are completed with the city that is set', async (t) => {
  t.equal(parseNumber('81234567', '010').e164, '+861081234567');
  t.equal(parseNumber('8123456', '010').e164, null, 'Beijing has no seven-digit numbers');
});

t.test('a stored number read again stays the same, and its written form is read back', async () => {
  const digit = fc.integer({ min: 0, max: 9 });
  const digits = (count: number) =>
    fc.array(digit, { minLength: count, maxLength: count }).map((list) => list.join(''));
  const number = fc.oneof(
    fc.tuple(fc.integer({ min: 3, max: 9 }), digits(9)).map(([second, rest]) => `1${second}${rest}`),
    fc
      .tuple(fc.constantFrom('010', '021', '0518', '0991'), fc.integer({ min: 2, max: 8 }), digits(7))
      .map((p) => p.join('')),
    fc
      .tuple(fc.constantFrom('+852', '+1', '+44', '+998'), fc.integer({ min: 1, max: 9 }), digits(8))
      .map((p) => p.join('')),
    fc.constantFrom('110', '12345', '95588', '0518-12345', '4008123456'),
  );
  fc.assert(
    fc.property(number, (raw) => {
      const { e164 } = parseNumber(raw, home);
      return (
        e164 !== null && parseNumber(e164, home).e164 === e164 && parseNumber(formatNumber(e164), home).e164 === e164
      );
    }),
    { numRuns: 2000 },
  );
});

t.test('nothing that comes from outside makes it fail or take long', async (t) => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: 'binary', maxLength: 400 }), fc.stringMatching(/^[-+0-9 ()<>;:@%*#]{0,60}$/)),
      (raw) => {
        const { e164, kind } = parseNumber(raw, home);
        return (
          (e164 === null) === (kind === 'withheld' || kind === 'unknown') &&
          (e164 === null || /^\+?\d{3,16}$/.test(e164))
        );
      },
    ),
    { numRuns: 5000 },
  );
  const began = performance.now();
  for (const nasty of [`${'0-'.repeat(5e5)}x`, '<'.repeat(1e6), `sip:${'%'.repeat(1e6)}@`, ' '.repeat(1e6)])
    parseNumber(nasty, home);
  t.ok(performance.now() - began < 1000);
});

t.test('an error says what is allowed and does not repeat the number', async (t) => {
  t.equal(requireNumber('138 0000 0001', home, 'phone').e164, m);
  t.equal(requireNumber('12345', home, 'phone').e164, '12345');
  try {
    requireNumber('99999', home, 'contactPhone');
    t.fail('was taken');
  } catch (error) {
    t.ok(error instanceof HotlineError);
    if (!(error instanceof HotlineError)) return;
    t.equal(error.details.field, 'contactPhone');
    t.same(error.details.allowed, allowedNumbers);
    t.notMatch(`${error.message} ${JSON.stringify(error.details)} ${error.stack}`, /99999/);
  }
  t.throws(() => requireNumber('anonymous', home, 'phone'), HotlineError);
});
