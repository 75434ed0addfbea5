import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import t from 'tap';
import { parseRegions, regionOf } from '../../src/citizen/region.js';
import { loadRegions, sampleMobilePrefixesFile } from '../../src/citizen/region-loader.js';

const areaCodesCsv = readFileSync(new URL('../../src/citizen/area-codes.csv', import.meta.url), 'utf8');
const { table: areaCodes, errors } = parseRegions(areaCodesCsv);
const mobiles = parseRegions('1380000,江苏省,连云港市\n138,江苏省,\n13800000,北京市,北京市').table;

t.test('the area codes that are shipped', async (t) => {
  t.same(errors, []);
  const lines = areaCodesCsv.split('\n').filter((line) => line && !line.startsWith('#'));
  const codes = lines.map((line) => line.split(',')[0] ?? '');
  t.same(codes, [...new Set(codes)].sort(), 'each once, in order');
  const form = /^(?:010|02\d|0[3-9]\d\d),\S+?(?:省|市|自治区),[^,\s]+(?:,former)?$/;
  t.same(
    lines.filter((line) => !form.test(line)),
    [],
  );
  const provinces = new Set([...areaCodes.values()].map((region) => region.province));
  t.equal(provinces.size, 31, '22 provinces without Taiwan, 5 autonomous regions, 4 cities');
  const cities = [...areaCodes.values()].flatMap((region) => region.city.split('、'));
  t.ok(new Set(cities).size >= 337, `${new Set(cities).size} places`);
});

t.test('landlines, mobiles by longest prefix, territories', async (t) => {
  const cases: [string, string | null][] = [
    ['+8651881234567', '江苏省 连云港市'],
    ['+861081234567', '北京市 北京市'],
    ['+862481234567', '辽宁省 沈阳市、抚顺市、铁岭市、本溪市'],
    ['+869918123456', '新疆维吾尔自治区 乌鲁木齐市'],
    ['+8651812345', '江苏省 连云港市'],
    ['+8613800000001', '北京市 北京市'],
    ['+8613800009999', '江苏省 连云港市'],
    ['+8613899999999', '江苏省 '],
    ['+8615000000001', null],
    ['+85221234567', '香港特别行政区 '],
    ['+886912345678', '台湾省 '],
    ['+12025550123', null],
    ['12345', null],
    ['+864008123456', null],
    ['+8636081234567', null],
    ['', null],
  ];
  for (const [number, expected] of cases) {
    const region = regionOf(number, areaCodes, mobiles);
    t.equal(region && `${region.province} ${region.city}`, expected, number);
  }
});

t.test('lines that do not fit are told by number and left out', async (t) => {
  const { table, errors } = parseRegions(
    '\uFEFF# c\r\n\r\n1380000 , 江苏省 , 连云港市 \r\n12,江苏省,x\r\n1381111,,x\r\n0518,江苏省,连云港市',
  );
  t.same([...table.keys()], ['1380000', '518']);
  t.same(
    errors.map((error) => error.line),
    [4, 5],
  );
});

t.test('files: the sample is readable, a missing one is fine, bad lines are logged once', async (t) => {
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => lines.push(line) });
  const look = async (file: string, number: string) => {
    const regions = loadRegions(file, log);
    await regions.ready;
    return regions.regionOf(number);
  };
  t.same(await look(sampleMobilePrefixesFile, '+8613800000001'), { province: '江苏省', city: '连云港市' });
  const dir = t.testdir({});
  t.equal(await look(join(dir, 'none.csv'), '+8613800000001'), null);
  t.equal(loadRegions(join(dir, 'none.csv'), log).regionOf('+8651881234567')?.city, '连云港市', 'at once');
  t.same(lines, []);
  const good = Array.from({ length: 5000 }, (_, index) => `${1390000 + index},江苏省,南京市`);
  writeFileSync(join(dir, 'bad.csv'), ['a,b', ...good, 'c,d', '1380000,江苏省,连云港市'].join('\n'));
  t.equal((await look(join(dir, 'bad.csv'), '+8613800000001'))?.city, '连云港市');
  t.equal((await look(join(dir, 'bad.csv'), '+8613949990001'))?.city, '南京市');
  t.equal(lines.length, 2, 'once per reading');
  t.match(JSON.parse(lines[0] ?? '{}'), { lines: 2, first: { line: 1 } });
});
